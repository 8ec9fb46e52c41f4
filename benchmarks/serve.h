// The protocol that peers/run.py speaks with its workers.
#pragma once

#include "benchmarks/measure.h"
#include "benchmarks/row.h"

#include <theon/tensor.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace theon::benchmarks {

/// The inputs of a row, and its results in float64.
struct Data {
  std::vector<Tensor> inputs, results;
};
Data load(const std::string& folder);

/// The largest difference in any result, relative to the largest magnitude in it.
double max_error(const std::vector<Tensor>& results, const std::vector<Tensor>& wanted);

struct Measured {
  Distribution distribution;
  double error = 0;
};
/// Nothing where the worker has no such row.
using Measure = std::function<std::optional<Measured>(const Row& row, const std::string& folder)>;

/// Reads lines `row id <tab> folder with the inputs and results` and answers each with a line:
/// `ok <tab> version <tab> min <tab> median <tab> p90 <tab> error`, `absent`, or `failed <tab> why`.
void serve(const std::string& version, const Measure& measure);

}  // namespace theon::benchmarks

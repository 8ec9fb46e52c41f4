// Rows about what Theon costs beside the work: calls, compiling, graphs.
#pragma once

#include "benchmarks/set/measure.h"

#include <functional>
#include <string>

namespace theon::benchmarks {

/// A row of rows.txt.
struct Row {
  std::string task, variant, dtype, size;

  std::string key() const { return task + "." + variant; }
  /// The first of its sizes.
  double extent() const { return std::stod(size); }
};
Row row_of(const std::string& id);

/// Measures the row for so many seconds; null where the row is a formula on data.
std::function<Distribution(double budget)> overhead_of(const Row& row);

}  // namespace theon::benchmarks

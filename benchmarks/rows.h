// The rows, one function for each family.
#pragma once

#include "benchmarks/report.h"

#include <string>

namespace theon::benchmarks {

/// Formulas, and the softmax of rows, against C.
void elementwise_rows(Report& report);
/// Training steps against C with OpenBLAS.
void training_rows(Report& report);
/// From function(...) to a callable.
void compile_rows(Report& report);
/// What a call, and a step of a loop, cost by themselves.
void call_rows(Report& report);
/// Gradient and rewriting per node, up to 100,000 nodes.
void scaling_rows(Report& report);
/// Test errors of the MNIST example on the files in `folder`; rows that were not run where it is empty.
void mnist_rows(Report& report, const std::string& folder);

}  // namespace theon::benchmarks

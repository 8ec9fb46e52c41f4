// Rows about what Theon costs beside the work: calls, compiling, graphs.
#pragma once

#include "benchmarks/measure.h"
#include "benchmarks/row.h"

#include <functional>

namespace theon::benchmarks {

/// Measures the row for so many seconds; null where it is a formula on data. Rows of limits.txt have the
/// task "limit".
std::function<Distribution(double budget)> overhead_of(const Row& row);

}  // namespace theon::benchmarks

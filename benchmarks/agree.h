// A time counts only where the results agree.
#pragma once

#include <theon/tensor.h>

namespace theon::benchmarks {

/// Throws CheckError, with both values, where an element of `ours` differs from the rival's by more than `tolerance`,
/// relative to the larger of 1 and the rival's.
void expect_agreement(const Tensor& ours, const Tensor& rivals, double tolerance);

}  // namespace theon::benchmarks

// Sums of squared deviations from a mean, in the pass that finds the mean.
#pragma once

#include "codegen/partition/partition.h"

#include <vector>

namespace theon::codegen {

/// The works with sum(w), sum(w * x) and sum(w * (x - c)^2) over one long axis as parts of one reduction, where c
/// depends on the second. It adds up segments, each about a number near its mean, and merges them about means (T. F.
/// Chan, G. H. Golub and R. J. LeVeque, 1983). Where that number was far off, which the sums tell, the segment is added
/// up again about its mean; so for weights of one sign rounding costs at most four times what it costs in two passes.
std::vector<Work> with_moments_together(std::vector<Work> works, ir::Pool& pool);

}  // namespace theon::codegen

// Sums that differ in sign alone.
#pragma once

#include "codegen/partition/partition.h"

#include <vector>

namespace theon::codegen {

/// Where one nest sums f * (a - b) and a later one f * (b - a) over the same, the later one is minus the first: what
/// the gradient by positions makes of distances.
void share_opposites(std::vector<Work>& works, ir::Pool& pool);

}  // namespace theon::codegen

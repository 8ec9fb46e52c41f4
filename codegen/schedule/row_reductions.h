// Reductions along rows that meet the same operand.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>

namespace theon::codegen {

/// The group as a kernel that reduces several rows at once, so that what all of them meet, such as the vector of a
/// matrix-vector product, is read once for all. Nothing where the group is more than short reductions along rows of one
/// length, where rows share no operand, or where they are few.
std::optional<LoweredKernel> lower_rows(const Group& group, const LoweringInput& input);

}  // namespace theon::codegen

// Elementwise work on operands that lie across.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>

namespace theon::codegen {

/// The group as a kernel that goes through its domain in tiles, and first turns the tiles of operands that are
/// contiguous along another axis than the last of the domain, such as the transposed of a matrix. Nothing where the
/// group is more than elementwise, or has no such operand.
std::optional<LoweredKernel> lower_tiles(const Group& group, const LoweringInput& input);

}  // namespace theon::codegen

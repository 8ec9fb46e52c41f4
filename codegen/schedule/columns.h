// Reductions down columns.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>

namespace theon::codegen {

/// The group as a kernel that keeps the running results of a block of columns in cache and reads the operands row by
/// row, as they lie in memory. Nothing where the group is no set of independent reductions down the same columns, or
/// where one iteration over a few vectors covers a row anyway.
std::optional<LoweredKernel> lower_columns(const Group& group, const LoweringInput& input);

}  // namespace theon::codegen

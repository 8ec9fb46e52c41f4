// Cutting graphs that are too large for one kernel.
#pragma once

#include "src/graph/traversal.h"
#include "src/ir/element.h"

#include <vector>

namespace theon::codegen {

/// Values to store so that no run of elementwise work exceeds the kernel budget by much. Each cut is placed where the
/// fewest values are live; of these, such as are one or two operations away from memory are computed again.
std::vector<Variable> live_at_cuts(std::span<const Apply* const> order, ir::Pool& pool);

}  // namespace theon::codegen

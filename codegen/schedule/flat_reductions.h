// Reductions over adjacent axes as one.
#pragma once

#include "codegen/partition/partition.h"

namespace theon::codegen {

/// The works with reductions over several axes, of operands that lie in memory as the loops run, as reductions over one
/// long axis. What other nests compute keeps its axes: nests are merged by them.
std::vector<Work> with_flat_reductions(std::span<const Work> works, const std::vector<Value>& values, ir::Pool& pool);

}  // namespace theon::codegen

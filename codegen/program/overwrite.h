// When a step may write its result into the memory of something it reads.
#pragma once

#include "codegen/program/program.h"

#include <span>

namespace theon::codegen {

/// Whether `step`, the first that writes `to`, may do so in the memory of `from`, whose value nobody needs afterwards:
/// it reads an element of `from` only before, and for, the store of the same element of `to`. True for a step that does
/// not read `from` at all.
bool may_overwrite(const Step& step, ValueId from, ValueId to, std::span<const ir::Kernel> kernels);

/// The same for a kernel that reads `from` and writes `to`.
bool may_overwrite(const ir::Kernel& kernel, ValueId from, ValueId to);

}  // namespace theon::codegen

// Short loops over a few numbers, such as small matrices.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>
#include <span>

namespace theon::codegen {

/// The loop as a kernel whose iterations compute every row or element of every nest by statements of its own, states
/// and what lies between them in registers: in scratch memory of few elements at known places, which registers replace.
/// Nothing where there are more than a few elements, where computing them in vectors is worth more, or where what is
/// read is not known before the loop runs. Operands as for `lower` of a loop.
std::optional<LoweredKernel> lower_unrolled(const Loop& loop, std::span<const Task> body, const LoweringInput& input);

}  // namespace theon::codegen

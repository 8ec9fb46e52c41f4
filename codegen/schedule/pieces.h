// Nests that compute one thing here and another there.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>

namespace theon::codegen {

/// The group as a kernel with loops of their own for the parts of the domain in which all selects that depend on where
/// an element lies are decided: the inside and the borders of a stencil, what a concatenation joins. Nothing where no
/// select is decided so, where it is not known in which order the parts lie, or where elements reduce.
std::optional<LoweredKernel> lower_pieces(const Group& group, const LoweringInput& input);

}  // namespace theon::codegen

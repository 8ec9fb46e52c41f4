// Loops that are short enough to be one kernel.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>
#include <span>

namespace theon::codegen {

/// The loop as a kernel whose iterations run in order, scalar states in registers; nothing where its body is more than
/// nests, or does so much that calling a kernel for each of its parts is no cost. `body` holds the works of the loop,
/// `input.readers_of` tells what is needed outside of it, or by its next iteration.
std::optional<LoweredKernel> lower(const Loop& loop, std::span<const Task> body, const LoweringInput& input);

}  // namespace theon::codegen

// Batches of products of small matrices.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>

namespace theon::codegen {

/// The product as a kernel, where it is a batch of small matrices of known sizes: each is computed without a loop, or
/// with few, from where it lies. Nothing for other products.
std::optional<LoweredKernel> lower_small(const Contraction& product, const LoweringInput& input);

}  // namespace theon::codegen

// Matrix products with few columns.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>

namespace theon::codegen {

/// The product as a kernel, where its result has few columns, or few rows, and the long operand is contiguous along the
/// other axis or along the sum: such a product reads the long operand once, in vectors, and keeps its sums in
/// registers. Nothing for other products, which a library does better.
std::optional<LoweredKernel> lower(const Contraction& product, const LoweringInput& input);

}  // namespace theon::codegen

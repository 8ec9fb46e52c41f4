// Matrix products with few columns or rows.
#pragma once

#include "codegen/schedule/lower.h"

#include <optional>

namespace theon::codegen {

/// The product as a kernel, where its result has few columns, or few rows, and the long factor is contiguous along the
/// other axis or along the sum. Nothing for other products.
std::optional<LoweredKernel> lower_skinny(const Contraction& product, const LoweringInput& input);

}  // namespace theon::codegen

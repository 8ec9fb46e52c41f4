// Matrix products as kernels.
#pragma once

#include "codegen/schedule/lower.h"

namespace theon::codegen {

/// A product with few columns or rows reads its long factor once, in vectors, and keeps a whole row or column of sums
/// in registers; small matrices of a batch are multiplied one by one, without loops; any other product is summed in
/// tiles.
LoweredKernel lower(const Contraction& product, const LoweringInput& input);

}  // namespace theon::codegen

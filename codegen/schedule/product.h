// Matrix products as kernels.
#pragma once

#include "codegen/schedule/lower.h"

namespace theon::codegen {

/// A product with few columns or rows reads its long factor once, in vectors, and keeps a whole row or column of sums
/// in registers; any other is summed in tiles.
LoweredKernel lower(const Contraction& product, const LoweringInput& input);

/// Those that the kernel reads only at the index of the element that it is about to write.
std::vector<ValueId> own_reads(const Contraction& product);

}  // namespace theon::codegen

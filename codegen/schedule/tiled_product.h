// Matrix products in tiles of sums that stay in registers.
#pragma once

#include "codegen/schedule/lower.h"

namespace theon::codegen {

/// Loops, from outside: batches; blocks of columns and of rows as the caches hold their operands; panels of columns, a
/// tile wide; tiles. Where that pays, the operands of a block are first copied, and computed where they are not plain
/// memory, to where they are read in order. The rest of the result's element is computed for each tile as it is stored.
LoweredKernel lower_tiled(const Contraction& product, const LoweringInput& input);

}  // namespace theon::codegen

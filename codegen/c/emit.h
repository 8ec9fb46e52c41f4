// Kernels as C, for export.
#pragma once

#include "src/ir/loop.h"
#include "src/ir/loop_layout.h"

#include <span>
#include <string>

namespace theon::codegen {

/// A self-contained C11 file; kernel k is the function k_<k>, of type TheonKernel. Math functions are libm's, so they
/// need no expansion. The text holds no name of a user's. Sums of products round twice, as in the interpreter, where
/// the compiler is told so (-ffp-contract=off).
std::string c_source(std::span<const ir::Kernel> kernels, const ir::Layout& layout);

}  // namespace theon::codegen

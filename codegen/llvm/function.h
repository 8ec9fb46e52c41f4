// Functions such as exp that kernels call. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/target.h"
#include "src/ir/opcode.h"

#include <theon/dtype.h>

namespace llvm {
class Function;
class Module;
}  // namespace llvm

namespace theon::codegen {

/// The module's function that computes `op` for `lanes` operands of float32 or float64 at once; it is written when
/// first asked for.
llvm::Function& math_function(ir::Opcode op, DType dtype, unsigned lanes, const Target& target, llvm::Module& module);

/// Lets a function use vectors as wide as the target's.
void allow_wide_vectors(llvm::Function& function, const Target& target);

}  // namespace theon::codegen

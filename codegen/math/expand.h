// Functions as expressions of what every target has: arithmetic, fma, comparisons, bits. Nothing branches and nothing is looked up, so kernels vectorise them
// with the rest.
#pragma once

#include "src/ir/element.h"

namespace theon::codegen::math {

/// `root` with every function of floating operands (exp, log, tanh, ...) expanded. float16 and bfloat16 go through float32.
ir::Expr expand(ir::Expr root);

/// How many operations one application of `op` to operands of `dtype` comes to, once expanded.
int cost(ir::Opcode op, DType dtype);

}  // namespace theon::codegen::math

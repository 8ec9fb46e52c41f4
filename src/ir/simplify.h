// The simplifications that building an expression makes. Each is exact: the same bits for every value of the operands,
// NaN and -0 included.
#pragma once

#include "src/ir/store.h"

#include <span>

namespace theon::ir {

/// The simplest expression that is worth `op` of `args`; the dtypes fit.
Expr simplified(NodeStore& store, Opcode op, std::span<const Expr> args, DType dtype);

}  // namespace theon::ir

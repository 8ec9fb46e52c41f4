// Which functions have a form of fewer operations.
#include "codegen/math/functions.h"

namespace theon::codegen::math {

std::optional<ir::Expr> fast_form(ir::Opcode op, const std::vector<ir::Expr>& args) {
  switch (op) {
    case ir::Opcode::exp:
      return fast_exp(args[0]);
    case ir::Opcode::log:
      return fast_log(args[0]);
    case ir::Opcode::tanh:
      return fast_tanh(args[0]);
    default:
      return std::nullopt;
  }
}

}  // namespace theon::codegen::math

#include "src/ir/size.h"

#include <vector>

namespace theon::ir {

namespace {

/// Nothing for an operation that sizes do not have.
std::optional<Dim> from_args(Opcode op, const std::vector<Dim>& args) {
  switch (op) {
    case Opcode::add:
      return args[0] + args[1];
    case Opcode::sub:
      return args[0] - args[1];
    case Opcode::mul:
      return args[0] * args[1];
    case Opcode::neg:
      return 0 - args[0];
    case Opcode::floor_div:
      return theon::floor_div(args[0], args[1]);
    case Opcode::mod:
      return theon::mod(args[0], args[1]);
    case Opcode::min:
      return theon::min(args[0], args[1]);
    case Opcode::max:
      return theon::max(args[0], args[1]);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Dim> as_dim(Expr size) {
  if (size->op == Opcode::literal) return Dim(static_cast<std::int64_t>(size->bits));
  if (size->op == Opcode::parameter) return *size->dim;
  std::vector<Dim> args;
  for (Expr arg : size->args) {
    const std::optional<Dim> dim = as_dim(arg);
    if (!dim) return std::nullopt;
    args.push_back(*dim);
  }
  return from_args(size->op, args);
}

}  // namespace theon::ir

#include "src/ir/index_range.h"

#include "src/ir/store.h"
#include "src/tensor/dispatch.h"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace theon::ir {

namespace {

const Interval& range(Expr expr) { return static_cast<const StoredNode&>(*expr).range; }

Interval range_of_index(const Dim& extent) { return {0, std::max<std::int64_t>(extent.known().value_or(1) - 1, 0)}; }

}  // namespace

std::optional<Interval> range_of(DType dtype) {
  return dispatch(dtype, []<Scalar T>() -> std::optional<Interval> {
    if constexpr (std::is_integral_v<T> && sizeof(T) < sizeof(std::int64_t)) {
      return Interval{std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
    }
    return std::nullopt;
  });
}

Interval range_of_node(const Node& node) {
  if (node.dtype != DType::int64) return {};
  const auto arg = [&](std::size_t k) { return range(node.args[k]); };
  const auto literal = static_cast<std::int64_t>(node.bits);
  if (node.op == Opcode::literal) return {literal, literal};
  if (node.op == Opcode::parameter) return {1, 1};
  if (node.op == Opcode::index || node.op == Opcode::bound) return range_of_index(*node.dim);
  if (node.op == Opcode::add) return arg(0) + arg(1);
  if (node.op == Opcode::sub) return arg(0) + scaled(arg(1), -1);
  if (node.op == Opcode::mul) return arg(0) * arg(1);
  if (node.op == Opcode::neg) return scaled(arg(0), -1);
  if (node.op == Opcode::floor_div) return quotient(arg(0), arg(1));
  if (node.op == Opcode::mod) return remainder(arg(0), arg(1));
  if (node.op == Opcode::min) return least(arg(0), arg(1));
  if (node.op == Opcode::max) return greatest(arg(0), arg(1));
  if (node.op == Opcode::select) return hull(arg(1), arg(2));
  return node.op == Opcode::convert ? range_of(node.args[0]->dtype).value_or(Interval()) : Interval();
}

Interval range_of(const Polynomial<Expr>& polynomial) {
  if (!polynomial.valid()) return {};
  Interval sum{polynomial.constant(), polynomial.constant()};
  for (const auto& term : polynomial.terms()) {
    Interval product{term.coefficient, term.coefficient};
    for (const Expr factor : term.factors) product = product * range(factor);
    sum = sum + product;
  }
  return sum;
}

}  // namespace theon::ir

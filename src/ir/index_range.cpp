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
  switch (node.op) {
    case Opcode::literal: return {static_cast<std::int64_t>(node.bits), static_cast<std::int64_t>(node.bits)};
    case Opcode::parameter: return {1, 1};
    case Opcode::index:
    case Opcode::bound: return range_of_index(*node.dim);
    case Opcode::add: return range(node.args[0]) + range(node.args[1]);
    case Opcode::sub: return range(node.args[0]) + scaled(range(node.args[1]), -1);
    case Opcode::mul: return range(node.args[0]) * range(node.args[1]);
    case Opcode::neg: return scaled(range(node.args[0]), -1);
    case Opcode::floor_div: return quotient(range(node.args[0]), range(node.args[1]));
    case Opcode::mod: return remainder(range(node.args[0]), range(node.args[1]));
    case Opcode::min: return least(range(node.args[0]), range(node.args[1]));
    case Opcode::max: return greatest(range(node.args[0]), range(node.args[1]));
    case Opcode::select: return hull(range(node.args[1]), range(node.args[2]));
    case Opcode::convert: return range_of(node.args[0]->dtype).value_or(Interval());
    default: return {};
  }
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

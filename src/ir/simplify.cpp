#include "src/ir/simplify.h"

#include "src/ir/index.h"
#include "src/ir/opcode.h"
#include "src/ir/semantics.h"
#include "src/tensor/dispatch.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <utility>

namespace theon::ir {

namespace {

bool is_literal(Expr x) { return x->op == Opcode::literal; }

Value value_of(Expr literal) { return {literal->dtype, literal->bits}; }

/// Whether x is the literal that `value` is in its dtype; +0 and -0 are different literals.
bool is(Expr x, double value) { return is_literal(x) && value_of(x) == convert(Value::of(value), x->dtype); }

bool is_all_ones(Expr x) { return is_literal(x) && value_of(x) == all_ones(x->dtype); }

Expr literal_of(Expr like, double value) {
  return like->pool->literal_bits(like->dtype, convert(Value::of(value), like->dtype).bits);
}

Expr truth(Expr like, bool value) { return like->pool->literal_bits(DType::boolean, value); }

bool is_exact_number(DType dtype) { return !is_floating(dtype); }

/// How many binary digits a dtype is exact to.
int digits(DType dtype) {
  return dispatch(dtype, []<Scalar T>() {
    if constexpr (std::same_as<T, Half>)
      return 11;
    else if constexpr (std::same_as<T, BFloat16>)
      return 8;
    else
      return std::numeric_limits<T>::digits;
  });
}

/// Whether every value of `from` is a value of `to`.
bool holds(DType to, DType from) {
  if (from == to || is_boolean(from)) return true;
  if (is_boolean(to)) return false;
  if (is_floating(from)) return is_floating(to) && size_of(to) > size_of(from);
  if (is_unsigned(to) && !is_unsigned(from)) return false;
  return digits(to) >= digits(from);
}

/// Leaves, loads, the rest, literals.
int place(Expr x) {
  if (is_literal(x)) return 3;
  return x->op == Opcode::load ? 1 : x->args.empty() ? 0 : 2;
}

/// Does not hang on the order in which a C++ compiler builds the operands of an operator, where it can.
bool is_before(Expr a, Expr b) {
  if (place(a) != place(b)) return place(a) < place(b);
  if (place(a) < 2 && (a->op != b->op || a->number != b->number))
    return std::pair(a->op, a->number) < std::pair(b->op, b->number);
  return a->id < b->id;
}

Expr simplify_add(Expr a, Expr b) {
  if (is(b, is_floating(b->dtype) ? -0.0 : 0.0)) return a;
  return {};
}

Expr simplify_sub(Expr a, Expr b) {
  if (is(b, 0)) return a;
  if (same(a, b) && is_exact_number(a->dtype)) return literal_of(a, 0);
  return {};
}

Expr simplify_mul(Expr a, Expr b) {
  if (is(b, 1)) return a;
  if (is(b, 0) && is_exact_number(b->dtype)) return b;
  // A difference squared is that of either order: distances there and back are one.
  const bool is_square = same(a, b) && a->op == Opcode::sub && is_floating(a->dtype);
  if (is_square && is_before(a->args[1], a->args[0])) {
    const Expr turned = a->args[1] - a->args[0];
    return turned * turned;
  }
  return {};
}

Expr simplify_division(Opcode op, Expr a, Expr b) {
  if (is(b, 1) && (op == Opcode::div || is_exact_number(b->dtype))) return a;
  if (is(b, 0) && is_exact_number(b->dtype)) return b;
  if (is(a, 0) && is_exact_number(a->dtype)) return a;
  return {};
}

Expr simplify_mod(Expr a, Expr b) {
  if (!is_exact_number(a->dtype)) return {};
  if (is(b, 1) || is(b, 0) || is(a, 0) || same(a, b)) return literal_of(a, 0);
  return {};
}

/// For min and max: which number changes nothing, and which one wins over all but NaN.
Expr simplify_extremum(Expr a, Expr b, Value neutral, Value winning) {
  if (same(a, b)) return a;
  if (!is_literal(b)) return {};
  if (value_of(b) == neutral) return a;
  return value_of(b) == winning && is_exact_number(b->dtype) ? b : Expr();
}

Expr simplify_pow(Expr a, Expr b) {
  if (is(b, 1)) return a;
  if (is(b, 0)) return literal_of(a, 1);
  return {};
}

/// For a <= b and the like, where both sides are one expression.
Expr simplify_comparison(Opcode op, Expr a, Expr b) {
  if (same(a, b) && (op == Opcode::lt || is_exact_number(a->dtype)))
    return truth(a, op == Opcode::le || op == Opcode::eq);
  if (is_unsigned(a->dtype) && op == Opcode::lt && is(b, 0)) return truth(a, false);
  if (is_unsigned(a->dtype) && op == Opcode::le && is(a, 0)) return truth(a, true);
  if (is_boolean(a->dtype) && is_literal(b)) {
    if (op == Opcode::eq) return is(b, 1) ? a : ~a;
    if (op == Opcode::ne) return is(b, 1) ? ~a : a;
  }
  return {};
}

Expr simplify_and(Expr a, Expr b) {
  if (same(a, b) || is_all_ones(b)) return a;
  if (is(b, 0)) return b;
  return {};
}

Expr simplify_or(Expr a, Expr b) {
  if (same(a, b) || is(b, 0)) return a;
  if (is_all_ones(b)) return b;
  return {};
}

Expr simplify_xor(Expr a, Expr b) {
  if (is(b, 0)) return a;
  if (same(a, b)) return literal_of(a, 0);
  if (is_all_ones(b)) return ~a;
  return {};
}

Expr simplify_not(Expr a) {
  if (a->op == Opcode::bit_not) return a->args[0];
  if (a->op == Opcode::eq) return a->args[0] != a->args[1];
  if (a->op == Opcode::ne) return a->args[0] == a->args[1];
  const bool is_ordered = (a->op == Opcode::lt || a->op == Opcode::le) && is_exact_number(a->args[0]->dtype);
  if (is_ordered) return a->op == Opcode::lt ? a->args[1] <= a->args[0] : a->args[1] < a->args[0];
  return {};
}

Expr simplify_select(Expr condition, Expr yes, Expr no) {
  if (same(yes, no)) return yes;
  if (is_literal(condition)) return condition->bits ? yes : no;
  if (condition->op == Opcode::bit_not) return select(condition->args[0], no, yes);
  if (!is_boolean(yes->dtype)) return {};
  if (is(yes, 1)) return condition | no;
  if (is(no, 0)) return condition & yes;
  if (is(yes, 0)) return ~condition & no;
  if (is(no, 1)) return ~condition | yes;
  return {};
}

Expr simplify_convert(Expr a, DType to) {
  if (a->dtype == to) return a;
  if (a->op != Opcode::convert) return {};
  const Expr inner = a->args[0];
  // An integer wraps where it would saturate on its way through a floating type.
  const bool wraps = is_integer(inner->dtype) && is_floating(a->dtype) && is_integer(to) && !holds(to, inner->dtype);
  return holds(a->dtype, inner->dtype) && !wraps ? convert(inner, to) : Expr();
}

Expr simplify_bitcast(Expr a, DType to) {
  if (a->dtype == to) return a;
  return a->op == Opcode::bitcast ? bitcast(a->args[0], to) : Expr();
}

Expr simplify_operation(Opcode op, std::span<const Expr> args, DType dtype) {
  switch (op) {
    case Opcode::add:
      return simplify_add(args[0], args[1]);
    case Opcode::sub:
      return simplify_sub(args[0], args[1]);
    case Opcode::mul:
      return simplify_mul(args[0], args[1]);
    case Opcode::div:
    case Opcode::floor_div:
      return simplify_division(op, args[0], args[1]);
    case Opcode::mod:
      return simplify_mod(args[0], args[1]);
    case Opcode::min:
      return simplify_extremum(args[0], args[1], highest(dtype), lowest(dtype));
    case Opcode::max:
      return simplify_extremum(args[0], args[1], lowest(dtype), highest(dtype));
    case Opcode::pow:
      return simplify_pow(args[0], args[1]);
    case Opcode::neg:
      return args[0]->op == Opcode::neg ? args[0]->args[0] : Expr();
    case Opcode::abs:
      return is_unsigned(dtype) ? args[0] : Expr();
    case Opcode::floor:
    case Opcode::ceil:
    case Opcode::trunc:
    case Opcode::round:
      return is_floating(dtype) ? Expr() : args[0];
    case Opcode::fma:
      return is_floating(dtype) ? Expr() : args[0] * args[1] + args[2];
    case Opcode::lt:
    case Opcode::le:
    case Opcode::eq:
    case Opcode::ne:
      return simplify_comparison(op, args[0], args[1]);
    case Opcode::bit_and:
      return simplify_and(args[0], args[1]);
    case Opcode::bit_or:
      return simplify_or(args[0], args[1]);
    case Opcode::bit_xor:
      return simplify_xor(args[0], args[1]);
    case Opcode::bit_not:
      return simplify_not(args[0]);
    case Opcode::shift_left:
    case Opcode::shift_right:
      return is(args[1], 0) ? args[0] : Expr();
    case Opcode::select:
      return simplify_select(args[0], args[1], args[2]);
    case Opcode::convert:
      return simplify_convert(args[0], dtype);
    case Opcode::bitcast:
      return simplify_bitcast(args[0], dtype);
    case Opcode::sqrt:
    case Opcode::scale:
    case Opcode::exponent:
    case Opcode::mantissa:
    case Opcode::rsqrt_estimate:
    case Opcode::exp:
    case Opcode::log:
    case Opcode::log1p:
    case Opcode::expm1:
    case Opcode::sin:
    case Opcode::cos:
    case Opcode::tanh:
    case Opcode::erf:
    case Opcode::literal:
    case Opcode::index:
    case Opcode::bound:
    case Opcode::parameter:
    case Opcode::argument:
    case Opcode::local:
    case Opcode::load:
    case Opcode::reduce:
    case Opcode::project:
      return {};
  }
  return {};
}

Expr folded(NodeStore& store, Opcode op, std::span<const Expr> args, DType dtype) {
  std::array<Value, 3> values;
  std::ranges::transform(args, values.begin(), value_of);
  return store.literal(dtype, apply(op, dtype, std::span(values).first(args.size())).bits);
}

}  // namespace

Expr simplified(NodeStore& store, Opcode op, std::span<const Expr> args, DType dtype) {
  if (std::ranges::all_of(args, is_literal) && is_exact(op, args.back()->dtype)) return folded(store, op, args, dtype);
  std::array<Expr, 3> ordered;
  std::ranges::copy(args, ordered.begin());
  if (info(op).commutes && is_before(args[1], args[0])) std::swap(ordered[0], ordered[1]);
  args = std::span<const Expr>(ordered).first(args.size());

  if (const Expr result = simplify_operation(op, args, dtype)) return result;
  if (args.back()->dtype == DType::int64) {
    if (const Expr result = simplify_index(store, op, args)) return result;
  }
  return store.intern({.op = op, .dtype = dtype, .args = args});
}

}  // namespace theon::ir

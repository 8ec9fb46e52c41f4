// The elementwise functions that users call.
#include "src/graph/glance.h"
#include "src/graph/print.h"
#include "src/ops/elementwise.h"
#include "src/support/check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace theon {

namespace {

/// The name of an op as a template argument.
struct OpName {
  template <std::size_t N>
  consteval OpName(const char (&name)[N]) {
    std::ranges::copy(name, text);
  }
  char text[16] = {};
};

/// The op, looked up once.
template <OpName name>
const OpRef& op() {
  static const OpRef& found = elementwise_op(name.text);
  return found;
}

template <OpName name>
Variable unary(const Operand& x) {
  return elementwise(op<name>(), std::span(&x, 1), x.where());
}

template <OpName name>
Variable binary(Operand&& x, Operand&& y) {
  const Location where = x.where();
  return elementwise(op<name>(), std::array{std::move(x), std::move(y)}, where);
}

bool is_typed(const Operand& x) { return !x.value().is_empty() && type_unless_pattern(x.value()); }
bool has_dtype(const Operand& x, bool (*test)(DType)) {
  return is_typed(x) && test(type_unless_pattern(x.value())->dtype);
}
bool both_boolean(const Operand& x, const Operand& y) { return has_dtype(x, is_boolean) && has_dtype(y, is_boolean); }

/// Booleans add like `|`, multiply like `&`: arithmetic of truth values, as in NumPy.
template <OpName name, OpName logic>
Variable binary_or_logic(Operand&& x, Operand&& y) {
  if (both_boolean(x, y)) return binary<logic>(std::move(x), std::move(y));
  return binary<name>(std::move(x), std::move(y));
}

/// Truth values as the smallest integers, for operations that have no meaning for them.
Operand as_number(const Operand& x) {
  if (!has_dtype(x, is_boolean)) return x;
  const Attribution line(x.where());
  return Operand(cast_to(x.value(), DType::int8, x.where()));
}

void refuse_booleans(std::string_view op, const Operand& x, std::string_view instead) {
  if (has_dtype(x, is_boolean))
    fail<DTypeError>(x.where(), "{}: {} is boolean; use {}, or cast it to a number", op, brief(x.value()), instead);
}

/// Functions that leave every integer as it is.
template <OpName name>
Variable rounding(const Operand& x) {
  return is_typed(x) && !is_floating(x.value().dtype()) ? x.value() : unary<name>(x);
}

}  // namespace

Variable operator+(Operand x, Operand y) { return binary_or_logic<"add", "or">(std::move(x), std::move(y)); }
Variable operator*(Operand x, Operand y) { return binary_or_logic<"mul", "and">(std::move(x), std::move(y)); }
Variable maximum(Operand x, Operand y) { return binary_or_logic<"maximum", "or">(std::move(x), std::move(y)); }
Variable minimum(Operand x, Operand y) { return binary_or_logic<"minimum", "and">(std::move(x), std::move(y)); }

Variable operator-(Operand x, Operand y) {
  if (both_boolean(x, y)) refuse_booleans("sub", x, "^");
  return binary<"sub">(std::move(x), std::move(y));
}

Variable operator-(Operand x) {
  refuse_booleans("neg", x, "~");
  return unary<"neg">(x);
}

Variable operator/(Operand x, Operand y) { return binary<"div">(std::move(x), std::move(y)); }
Variable operator%(Operand x, Operand y) { return binary<"mod">(as_number(x), as_number(y)); }
Variable floor_div(Operand x, Operand y) { return binary<"floor_div">(as_number(x), as_number(y)); }
Variable pow(Operand x, Operand y) { return binary<"pow">(as_number(x), as_number(y)); }

Variable add_n(std::span<const Variable> terms, Location where) {
  if (terms.empty()) fail<ArgumentError>(where, "add_n: there are no terms; a sum needs at least one to have a type");
  if (terms.size() == 1) return terms[0];
  const Attribution line(where);
  return elementwise(op<"add">(), std::vector<Operand>(terms.begin(), terms.end()), where);
}

Variable clip(Operand x, Operand low, Operand high) {
  const Attribution line(x.where());
  return minimum(maximum(x, low), high);
}

Variable operator<(Operand x, Operand y) { return binary<"lt">(std::move(x), std::move(y)); }
Variable operator<=(Operand x, Operand y) { return binary<"le">(std::move(x), std::move(y)); }
Variable operator>(Operand x, Operand y) { return binary<"gt">(std::move(x), std::move(y)); }
Variable operator>=(Operand x, Operand y) { return binary<"ge">(std::move(x), std::move(y)); }
Variable operator==(Operand x, Operand y) { return binary<"eq">(std::move(x), std::move(y)); }
Variable operator!=(Operand x, Operand y) { return binary<"ne">(std::move(x), std::move(y)); }
Variable operator&(Operand x, Operand y) { return binary<"and">(std::move(x), std::move(y)); }
Variable operator|(Operand x, Operand y) { return binary<"or">(std::move(x), std::move(y)); }
Variable operator^(Operand x, Operand y) { return binary<"xor">(std::move(x), std::move(y)); }
Variable operator~(Operand x) { return unary<"not">(x); }

Variable where(Operand condition, Operand x, Operand y) {
  const Location at = condition.where();
  return elementwise(op<"where">(), std::array{std::move(condition), std::move(x), std::move(y)}, at);
}

Variable isnan(Operand x) { return unary<"isnan">(x); }
Variable abs(Operand x) { return has_dtype(x, is_boolean) ? x.value() : unary<"abs">(x); }
Variable sign(Operand x) { return has_dtype(x, is_boolean) ? x.value() : unary<"sign">(x); }
Variable sqr(Operand x) { return x * x; }
Variable sqrt(Operand x) { return unary<"sqrt">(x); }
Variable exp(Operand x) { return unary<"exp">(x); }
Variable log(Operand x) { return unary<"log">(x); }
Variable log1p(Operand x) { return unary<"log1p">(x); }
Variable expm1(Operand x) { return unary<"expm1">(x); }
Variable sin(Operand x) { return unary<"sin">(x); }
Variable cos(Operand x) { return unary<"cos">(x); }
Variable tanh(Operand x) { return unary<"tanh">(x); }
Variable erf(Operand x) { return unary<"erf">(x); }
Variable sigmoid(Operand x) { return unary<"sigmoid">(x); }
Variable softplus(Operand x) { return unary<"softplus">(x); }

/// The constant comes first, so that it wins the tie at 0: the derivative there is 0.
Variable relu(Operand x) {
  const Attribution line(x.where());
  return maximum(0, x);
}

Variable floor(Operand x) { return rounding<"floor">(x); }
Variable ceil(Operand x) { return rounding<"ceil">(x); }
Variable round(Operand x) { return rounding<"round">(x); }

Variable cast(Operand x, DType dtype) {
  if (x.value().is_empty()) fail<ArgumentError>(x.where(), "cast: the operand is an empty Variable");
  return cast_to(x.value(), dtype, x.where());
}

}  // namespace theon

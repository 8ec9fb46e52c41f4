// The table of elementwise ops. Value and derivative stand side by side; everything else follows from the declaration.
#include "src/ops/elementwise.h"

#include <iterator>
#include <numbers>
#include <utility>

namespace theon {

namespace {

using ir::Expr;
using V = const Variable&;
using Value = std::function<Expr(std::span<const Expr>)>;

Value value(Expr (*f)(Expr)) {
  return [f](std::span<const Expr> x) { return f(x[0]); };
}
Value value(Expr (*f)(Expr, Expr)) {
  return [f](std::span<const Expr> x) { return f(x[0], x[1]); };
}
/// f(f(x0, x1), x2), ...
Value fold(Expr (*f)(Expr, Expr)) {
  return [f](std::span<const Expr> x) {
    Expr total = x[0];
    for (const Expr& term : x.subspan(1)) total = f(total, term);
    return total;
  };
}

// Only floating types have partials, and most are float64: a floating literal there is a constant already, where an
// integer would become two.

/// The partial of y = f(x).
Partial of(Variable (*f)(V g, V x, V y)) {
  return [f](V g, std::span<const Variable> x, V y, std::size_t) { return f(g, x[0], y); };
}
/// A partial of z = f(x, y).
Partial of(Variable (*f)(V g, V x, V y, V z)) {
  return [f](V g, std::span<const Variable> x, V z, std::size_t) { return f(g, x[0], x[1], z); };
}

Variable same_as_cotangent(V g, std::span<const Variable>, V, std::size_t) { return g; }

Variable times_the_others(V g, std::span<const Variable> x, V, std::size_t k) {
  std::vector<Operand> factors{g};
  for (std::size_t i = 0; i < x.size(); ++i)
    if (i != k) factors.emplace_back(x[i]);
  return elementwise("mul", factors, g.where());
}

std::vector<ElementwiseDefinition> arithmetic() {
  return {
      {.name = "add",
       .rule = DTypeRule::common,
       .value = fold([](Expr x, Expr y) { return x + y; }),
       .partials = {same_as_cotangent},
       .commutes = true,
       .variadic = true,
       .notation = {"+", 6}},
      {.name = "mul",
       .rule = DTypeRule::common,
       .value = fold([](Expr x, Expr y) { return x * y; }),
       .partials = {times_the_others},
       .commutes = true,
       .variadic = true,
       .notation = {"*", 7}},
      {.name = "sub",
       .rule = DTypeRule::common,
       .value = value([](Expr x, Expr y) { return x - y; }),
       .partials = {same_as_cotangent, of([](V g, V, V, V) { return -g; })},
       .notation = {"-", 6}},
      {.name = "div",
       .rule = DTypeRule::floating,
       .value = value([](Expr x, Expr y) { return x / y; }),
       .partials = {of([](V g, V, V y, V) { return g / y; }), of([](V g, V, V y, V z) { return -(g * z) / y; })},
       .notation = {"/", 7}},
      {.name = "floor_div", .rule = DTypeRule::common, .value = value([](Expr x, Expr y) { return floor_div(x, y); })},
      {.name = "mod",
       .rule = DTypeRule::common,
       .value = value([](Expr x, Expr y) { return x % y; }),
       .partials = {same_as_cotangent, of([](V g, V x, V y, V) { return -(g * floor_div(x, y)); })},
       .notation = {"%", 7}},
      {.name = "neg",
       .rule = DTypeRule::common,
       .value = value([](Expr x) { return -x; }),
       .partials = {of([](V g, V, V) { return -g; })},
       .notation = {"-", 8}},
      // p * x**(p - 1) is 0 at x = p = 0, and x**p * log(x) is 0 at x = 0, where the factors would give NaN.
      {.name = "pow",
       .rule = DTypeRule::common,
       .value = value([](Expr x, Expr p) { return pow(x, p); }),
       .partials = {of([](V g, V x, V p, V) { return g * p * pow(where((x == 0) & (p == 0), 1, x), p - 1); }),
                    of([](V g, V x, V, V z) { return where(x == 0, 0, g * z * log(where(x == 0, 1, x))); })},
       .notation = {"**", 9}},
      // A tie belongs to the first operand.
      {.name = "maximum",
       .rule = DTypeRule::common,
       .value = value([](Expr x, Expr y) { return max(x, y); }),
       .partials = {of([](V g, V x, V y, V) { return where(x >= y, g, 0.0); }),
                    of([](V g, V x, V y, V) { return where(x >= y, 0.0, g); })}},
      {.name = "minimum",
       .rule = DTypeRule::common,
       .value = value([](Expr x, Expr y) { return min(x, y); }),
       .partials = {of([](V g, V x, V y, V) { return where(x <= y, g, 0.0); }),
                    of([](V g, V x, V y, V) { return where(x <= y, 0.0, g); })}},
  };
}

std::vector<ElementwiseDefinition> comparisons() {
  return {
      {.name = "lt",
       .rule = DTypeRule::comparison,
       .value = value([](Expr x, Expr y) { return x < y; }),
       .notation = {"<", 5}},
      {.name = "le",
       .rule = DTypeRule::comparison,
       .value = value([](Expr x, Expr y) { return x <= y; }),
       .notation = {"<=", 5}},
      {.name = "gt",
       .rule = DTypeRule::comparison,
       .value = value([](Expr x, Expr y) { return y < x; }),
       .notation = {">", 5}},
      {.name = "ge",
       .rule = DTypeRule::comparison,
       .value = value([](Expr x, Expr y) { return y <= x; }),
       .notation = {">=", 5}},
      {.name = "eq",
       .rule = DTypeRule::comparison,
       .value = value([](Expr x, Expr y) { return x == y; }),
       .commutes = true,
       .notation = {"==", 4}},
      {.name = "ne",
       .rule = DTypeRule::comparison,
       .value = value([](Expr x, Expr y) { return x != y; }),
       .commutes = true,
       .notation = {"!=", 4}},
      {.name = "isnan", .rule = DTypeRule::comparison, .value = value([](Expr x) { return x != x; })},
  };
}

std::vector<ElementwiseDefinition> logic() {
  return {
      {.name = "and",
       .rule = DTypeRule::logical,
       .value = value([](Expr x, Expr y) { return x & y; }),
       .commutes = true,
       .notation = {"&", 3}},
      {.name = "xor",
       .rule = DTypeRule::logical,
       .value = value([](Expr x, Expr y) { return x ^ y; }),
       .commutes = true,
       .notation = {"^", 2}},
      {.name = "or",
       .rule = DTypeRule::logical,
       .value = value([](Expr x, Expr y) { return x | y; }),
       .commutes = true,
       .notation = {"|", 1}},
      {.name = "not", .rule = DTypeRule::logical, .value = value([](Expr x) { return ~x; }), .notation = {"~", 8}},
      {.name = "where",
       .rule = DTypeRule::choice,
       .value = [](std::span<const Expr> x) { return select(x[0], x[1], x[2]); },
       .partials = {nullptr, [](V g, std::span<const Variable> x, V, std::size_t) { return where(x[0], g, 0.0); },
                    [](V g, std::span<const Variable> x, V, std::size_t) { return where(x[0], 0.0, g); }}},
  };
}

/// -1, 0 or 1; NaN for NaN. An unsigned number is never below 0, so it does not matter what -1 becomes.
Expr sign_of(Expr x) {
  const Expr one = x->pool->literal(x->dtype, std::int64_t{1});
  return select(x > 0, one, select(x < 0, -one, select(x == 0, 0, x)));
}

/// exp is taken of a number that is not positive, so that it does not overflow.
Expr logistic(Expr x) {
  const Expr e = exp(-abs(x));
  return select(x < 0, e, 1) / (1 + e);
}

std::vector<ElementwiseDefinition> functions() {
  return {
      {.name = "abs",
       .rule = DTypeRule::common,
       .value = value([](Expr x) { return abs(x); }),
       .partials = {of([](V g, V x, V) { return g * sign(x); })}},
      {.name = "sign", .rule = DTypeRule::common, .value = value(sign_of)},
      {.name = "sqrt",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return sqrt(x); }),
       .partials = {of([](V g, V, V y) { return g / (2.0 * y); })}},
      {.name = "exp",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return exp(x); }),
       .partials = {of([](V g, V, V y) { return g * y; })},
       .never_zero = true},
      {.name = "log",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return log(x); }),
       .partials = {of([](V g, V x, V) { return g / x; })}},
      {.name = "log1p",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return log1p(x); }),
       .partials = {of([](V g, V x, V) { return g / (1.0 + x); })}},
      {.name = "expm1",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return expm1(x); }),
       .partials = {of([](V g, V, V y) { return g * (y + 1.0); })}},
      {.name = "sin",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return sin(x); }),
       .partials = {of([](V g, V x, V) { return g * cos(x); })}},
      {.name = "cos",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return cos(x); }),
       .partials = {of([](V g, V x, V) { return -(g * sin(x)); })}},
      {.name = "tanh",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return tanh(x); }),
       .partials = {of([](V g, V, V y) { return g * (1.0 - y * y); })}},
      {.name = "erf",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return erf(x); }),
       .partials = {of([](V g, V x, V) { return g * (2 * std::numbers::inv_sqrtpi * exp(-(x * x))); })}},
      {.name = "sigmoid",
       .rule = DTypeRule::floating,
       .value = value(logistic),
       .partials = {of([](V g, V, V y) { return g * y * (1.0 - y); })},
       .never_zero = true},
      {.name = "softplus",
       .rule = DTypeRule::floating,
       .value = value([](Expr x) { return max(x, 0) + log1p(exp(-abs(x))); }),
       .partials = {of([](V g, V x, V) { return g * sigmoid(x); })}},
      {.name = "floor", .rule = DTypeRule::common, .value = value([](Expr x) { return floor(x); })},
      {.name = "ceil", .rule = DTypeRule::common, .value = value([](Expr x) { return ceil(x); })},
      {.name = "round", .rule = DTypeRule::common, .value = value([](Expr x) { return round(x); })},
  };
}

/// One for each dtype.
std::vector<ElementwiseDefinition> conversions() {
  std::vector<ElementwiseDefinition> casts;
  for (const DTypeInfo& info : dtype_table)
    casts.push_back({.name = "cast",
                     .rule = DTypeRule::conversion,
                     .value = [dtype = info.dtype](std::span<const Expr> x) { return convert(x[0], dtype); },
                     .partials = {same_as_cotangent},
                     .target = info.dtype});
  return casts;
}

std::vector<ElementwiseDefinition> concatenated() {
  std::vector<ElementwiseDefinition> all;
  for (auto family : {arithmetic(), comparisons(), logic(), functions(), conversions()})
    std::move(family.begin(), family.end(), std::back_inserter(all));
  return all;
}

}  // namespace

std::span<const ElementwiseDefinition> elementwise_definitions() {
  static const std::vector<ElementwiseDefinition> table = concatenated();
  return table;
}

}  // namespace theon

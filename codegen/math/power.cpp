#include "codegen/math/functions.h"
#include "codegen/math/number.h"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

namespace theon::codegen::math {

namespace {

using ir::Expr;
using ir::Opcode;

constexpr int most_squarings = 64;

std::optional<double> literal_value(Expr x) {
  if (x->op != Opcode::literal) return std::nullopt;
  return x->dtype == DType::float32 ? std::bit_cast<float>(static_cast<std::uint32_t>(x->bits)) : std::bit_cast<double>(x->bits);
}

Expr infinite(Expr like) { return number(like, std::numeric_limits<double>::infinity()); }

/// x^n by repeated squaring, for n >= 1.
Expr multiplied(Expr x, int n) {
  if (n == 1) return x;
  const Expr half = multiplied(x, n / 2);
  return n % 2 == 0 ? half * half : half * half * x;
}

/// exp(y log |x|) with the cases of C99, Annex F.9.4.4. float32 computes in float64.
Expr by_logarithm(Expr x, Expr y) {
  const Expr magnitude = expand_exp(y * expand_log(abs(x)));
  const Expr half = y * 0.5;
  const Expr is_integer = floor(y) == y, is_odd = is_integer & (floor(half) != half);
  const Expr is_negative = sign_of(x) != pattern(x, 0);
  const Expr negated = select(is_negative & is_odd, -magnitude, magnitude);
  const Expr finite_base = abs(x) < infinite(x);
  const Expr signed_power = select((x < 0) & ~is_integer & finite_base & (abs(y) < infinite(y)), number(x, std::numeric_limits<double>::quiet_NaN()), negated);
  const Expr unit = select(abs(x) == 1, select((x < 0) & ~is_integer, number(x, std::numeric_limits<double>::quiet_NaN()), select((x < 0) & is_odd, number(x, -1), number(x, 1))), signed_power);
  const Expr at_infinite_exponent = select((x == -1) & (abs(y) == infinite(y)), number(x, 1), unit);
  return select((y == 0) | (x == 1), number(x, 1), at_infinite_exponent);
}

}  // namespace

Expr expand_pow(Expr x, Expr y) {
  if (!is_floating(x->dtype)) return x->pool->make(Opcode::pow, {x, y}, x->dtype);
  if (const auto exponent = literal_value(y)) {
    const double n = std::abs(*exponent);
    if (n == 0) return number(x, 1);
    if (*exponent == 0.5) return select(x == -infinite(x), infinite(x), sqrt(x + 0.0));
    if (n <= most_squarings && n == std::floor(n)) return *exponent > 0 ? multiplied(x, static_cast<int>(n)) : 1 / multiplied(x, static_cast<int>(n));
  }
  if (x->dtype == DType::float32) return convert(by_logarithm(convert(x, DType::float64), convert(y, DType::float64)), DType::float32);
  return by_logarithm(x, y);
}

}  // namespace theon::codegen::math

// pow: products for literal exponents, squarings for integers, and 2^(y log2 |x|) with the cases of C99, Annex
// F.10.4.4, otherwise.
#include "codegen/math/extended.h"
#include "codegen/math/functions.h"
#include "codegen/math/number.h"
#include "codegen/math/power_magnitude.h"
#include "src/ir/semantics.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

namespace theon::codegen::math {

namespace {

using ir::Opcode;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::optional<double> literal_value(Expr x) {
  if (x->op != Opcode::literal) return std::nullopt;
  return ir::convert(ir::Value{x->dtype, x->bits}, DType::float64).as<double>();
}

/// x^n for n >= 1, by squaring; `times` multiplies.
template <class T, class Times>
T repeated(const T& x, int n, const Times& times) {
  if (n == 1) return x;
  const T half = repeated(x, n / 2, times);
  const T even = times(half, half);
  return n % 2 == 0 ? even : times(even, x);
}

Expr product(Expr x, int n) {
  return repeated(x, n, [](Expr a, Expr b) { return a * b; });
}

Extended times(const Extended& a, const Extended& b) {
  const Extended leading = two_product(a.high, b.high);
  // An exact factor has no low part.
  const Expr with_a = a.low ? fma(a.low, b.high, leading.low) : leading.low;
  return {leading.high, b.low ? fma(a.high, b.low, with_a) : with_a};
}

/// 1 / x to twice the digits.
Extended reciprocal(Expr x) {
  const Expr high = 1 / x;
  return {high, fma(-high, x, 1) * high};
}

/// x^n for float64 where neither it nor a part on the way comes near the ends of the range; rounded hardly more than
/// once.
Extended plain_power(Expr x, int n) {
  return repeated(n > 0 ? Extended{x, Expr()} : reciprocal(x), std::abs(n), times);
}

/// The same everywhere: the power of |x| 2^k with a k that keeps it from overflowing, and
/// from being so small that its low part is lost; 2^-kn is taken back at the end.
Expr scaled_power(Expr x, int n) {
  const int count = std::abs(n), k = 900 / count, exponent = k * count;
  const Expr magnitude = abs(x);
  const Expr is_small = magnitude < std::ldexp(1, -k), is_large = std::ldexp(1, k) < magnitude;
  const auto by_size = [&](int small, int large) {
    return select(is_small, number(x, std::ldexp(1, small)), select(is_large, number(x, std::ldexp(1, large)), 1));
  };
  const Expr base = magnitude * by_size(k, -k);
  const Extended power = plain_power(base, n);
  // What is infinite or NaN is so in the high part.
  const Expr low = select(abs(power.low) < infinity, power.low, 0);
  // A power that will be subnormal is rounded here, to the last bit of what becomes the smallest normal number.
  const double smallest_normal = std::ldexp(1, exponent - 1022);
  const Extended sum = fast_two_sum(number(x, smallest_normal), power.high);
  const Expr few_bits = (sum.high + (sum.low + low)) - smallest_normal;
  const Expr is_subnormal = (n > 0 ? is_small : is_large) & (power.high < smallest_normal);
  const Expr scale = n > 0 ? by_size(-exponent, exponent) : by_size(exponent, -exponent);
  const Expr result = select(is_subnormal, few_bits, power.high + low) * scale;
  return n % 2 == 0 ? result : flip_sign(result, sign_of(x));
}

Expr extended_power(Expr x, int n) {
  const Extended power = plain_power(x, n);
  const Expr magnitude = abs(power.high);
  const Expr is_plain = (0x1p-900 <= magnitude) & (magnitude <= 0x1p900);
  // The low part of zero would take its sign away.
  const bool keeps_zero = n > 0 && n % 2 == 0;
  return usually(keeps_zero ? is_plain | (x == 0) : is_plain, power.high + power.low, scaled_power(x, n));
}

/// x^n for 0 < |n| <= 64: for small n what one would write by hand, with at most n - 1 roundings. Powers of 1 / x, not
/// the reciprocal of a power: that would overflow where x^n is still subnormal.
Expr integer_power(Expr x, int n) {
  const int count = std::abs(n);
  if (-2 <= n && n <= 16) return product(n > 0 ? x : 1 / x, count);
  if (x->dtype == DType::float64) return extended_power(x, n);
  const Expr wide = convert(x, DType::float64);
  return convert(product(n > 0 ? wide : 1 / wide, count), DType::float32);
}

/// Unlike sqrt, pow(x, 1/2) is infinite for -infinity and +0 for -0.
Expr square_root(Expr x) { return select(x == -infinity, infinity, sqrt(x + 0)); }

Expr general_power(Expr x, Expr y) {
  // Larger exponents make no difference but where 0 is multiplied by infinity.
  const Expr magnitude = power_of_magnitude(abs(x), at_least(at_most(y, 0x1p66), -0x1p66));
  const Expr half = y * 0.5;
  const Expr is_integer = round(y) == y;
  const Expr is_odd = is_integer & (round(half) != half);
  const Expr power = flip_sign(magnitude, select(is_odd, sign_of(x), pattern(x, 0)));
  const Expr is_undefined = (x < 0) & (-infinity < x) & ~is_integer;
  return select((y == 0) | (x == 1), 1, select(is_undefined, not_a_number, power));
}

DType unsigned_of(DType dtype) {
  switch (size_of(dtype)) {
    case 1:
      return DType::uint8;
    case 2:
      return DType::uint16;
    case 4:
      return DType::uint32;
    default:
      return DType::uint64;
  }
}

/// x^n for unsigned integers: a squaring and a selected product for every bit of n.
Expr power_by_bits(Expr x, Expr n) {
  Expr power = n->pool->literal(n->dtype, std::int64_t{1});
  for (int bit = 0; bit < 8 * static_cast<int>(size_of(n->dtype)); ++bit) {
    power = select(((n >> bit) & 1) != 0, power * x, power);
    x = x * x;
  }
  return power;
}

/// 1 / x^n, truncated, for signed integers.
Expr truncated_reciprocal(Expr x, Expr n) {
  return select(x == 1, 1, select(x == -1, select((n & 1) != 0, x, 1), x->pool->literal(x->dtype, std::int64_t{0})));
}

Expr power_of_integers(Expr x, Expr n) {
  const DType wrapping = unsigned_of(x->dtype);
  const Expr power = bitcast(power_by_bits(bitcast(x, wrapping), bitcast(n, wrapping)), x->dtype);
  return is_unsigned(x->dtype) ? power : select(n < 0, truncated_reciprocal(x, n), power);
}

}  // namespace

std::optional<Expr> power_of_literal(Expr x, Expr y) {
  const std::optional<double> exponent = literal_value(y);
  if (!exponent) return std::nullopt;
  if (*exponent == 0) return number(x, 1);
  if (*exponent == 0.5) return square_root(x);
  if (*exponent == -0.5) return 1 / square_root(x);
  if (*exponent == std::round(*exponent) && std::abs(*exponent) <= 64)
    return integer_power(x, static_cast<int>(*exponent));
  return std::nullopt;
}

Expr expand_pow(Expr x, Expr y) {
  if (!is_floating(x->dtype)) return power_of_integers(x, y);
  const std::optional<Expr> power = power_of_literal(x, y);
  return power ? *power : general_power(x, y);
}

}  // namespace theon::codegen::math

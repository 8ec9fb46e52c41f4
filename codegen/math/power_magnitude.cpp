#include "codegen/math/power_magnitude.h"

#include "codegen/math/extended.h"
#include "codegen/math/number.h"

#include <limits>
#include <numbers>

namespace theon::codegen::math {

namespace {

constexpr double lowest_mantissa = std::numbers::sqrt2 / 2;

// Of log2(1 + f) / f for mantissas 1 + f from sqrt(1/2) to sqrt(2), relative error 2^-35.8; and of 2^r for |r| <= 1/2,
// 2^-28.9: enough for float32.
constexpr double short_log2[] = {
    0x1.71547652a1e75p0,   -0x1.715476571f49bp-1, 0x1.ec709eb863b18p-2,  -0x1.71546f6b3a9aap-2, 0x1.277653be878bp-2,
    -0x1.ec73358f1608ap-3, 0x1.a63ee1e2b08fcp-3,  -0x1.71362efae1bb4p-3, 0x1.4528fc6517fe2p-3,  -0x1.25a2383ff59bdp-3,
    0x1.28c51818f1364p-3,  -0x1.22cdcdcf748a7p-3, 0x1.385efcd702ea7p-4};
constexpr double short_exp2[] = {1,
                                 0x1.62e430af20dfbp-1,
                                 0x1.ebfbdc3c2f56fp-3,
                                 0x1.c6aee892f3e8ap-5,
                                 0x1.3b2d4cb6f1024p-7,
                                 0x1.5f3e50e86958dp-10,
                                 0x1.41fbf45733cb1p-13};
// Of 2^r for |r| <= 1/2, relative error 2^-57.7.
constexpr double exp2[] = {1,
                           0x1.62e42fefa39efp-1,
                           0x1.ebfbdff82c59cp-3,
                           0x1.c6b08d704a0d5p-5,
                           0x1.3b2ab6fba11ecp-7,
                           0x1.5d87fe78b37a9p-10,
                           0x1.4309130c03dd6p-13,
                           0x1.ffcbfbfa05cb2p-17,
                           0x1.62bfcdd71af52p-20,
                           0x1.b5260b173652fp-24,
                           0x1.e611ac7439ee4p-28,
                           0x1.e81289a24a457p-32};
// Of (atanh(s) / s - 1 - s^2 / 3) / s^4 in s^2 for |s| <= 3 - sqrt(8), error relative to 1 2^-73.5.
constexpr double atanh_tail[] = {0x1.9999999999996p-3, 0x1.2492492492f51p-3, 0x1.c71c71c5968ecp-4,
                                 0x1.745d1829574a9p-4, 0x1.3b1364c900f9fp-4, 0x1.11206f3ae78c7p-4,
                                 0x1.de3d6e5b78c27p-5, 0x1.eac5d18c31941p-5};

/// The logarithm of `x` where it is 0, infinite or NaN; elsewhere `logarithm`.
Expr with_ends(Expr logarithm, Expr x) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return select(x == 0, -infinity, select(x < infinity, logarithm, x));
}

Expr power_float32(Expr base, Expr exponent) {
  const Expr x = convert(base, DType::float64);
  const Parts p = parts(x, lowest_mantissa);
  const Expr f = p.mantissa - 1;
  const Expr log2 = with_ends(fma(f, polynomial(f, short_log2), -p.scale), x);
  // The result is far beyond the range of float32 where it is clamped, and never beyond that of float64.
  const Expr product = at_least(at_most(convert(exponent, DType::float64) * log2, 1000), -1000);
  const Integer n = rounded_product(product, 1, format(x).bias);
  const Expr power = polynomial(product - n.number, short_exp2) * power_of_two(n);
  return convert(power, DType::float32);
}

/// atanh(s) / s = 1 + s^2 / 3 + ...: what follows 1, for the s of which `squared` is the square.
Extended atanh_excess(const Extended& squared) {
  const Extended third =
      fast_two_sum(number(squared.high, 0x1.5555555555555p-2), squared.high * polynomial(squared.high, atanh_tail));
  const Expr third_low = third.low + 0x1.5555555555555p-56;
  const Extended leading = two_product(squared.high, third.high);
  return {leading.high, fma(squared.high, third_low, fma(squared.low, third.high, leading.low))};
}

/// log2 of the mantissa 1 + f = (1 + s) / (1 - s): 2 / ln(2) atanh(s).
Extended log2_of_mantissa(Expr mantissa) {
  const Expr f = mantissa - 1;
  const Extended divisor = fast_two_sum(number(f, 2), f);
  const Expr inverse = 1 / divisor.high;
  const Expr s = f * inverse;
  const Expr s_low = fma(-s, divisor.low, fma(-s, divisor.high, f)) * inverse;
  const Extended square = two_product(s, s);
  const Extended excess = atanh_excess({square.high, fma(s + s, s_low, square.low)});
  const Extended cubic = two_product(s, excess.high);
  const Extended sum = fast_two_sum(s, cubic.high);
  const Expr low = sum.low + (fma(s, excess.low, fma(s_low, excess.high, cubic.low)) + s_low);
  const Extended scaled_sum = two_product(sum.high, number(f, 2 * std::numbers::log2e));
  return {scaled_sum.high, fma(low, 2 * std::numbers::log2e, fma(sum.high, 0x1.777d0ffda0d24p-55, scaled_sum.low))};
}

Extended log2_of(Expr x) {
  const Expr is_subnormal = x < std::numeric_limits<double>::min();
  const Parts p = parts(select(is_subnormal, x * 0x1p52, x), lowest_mantissa);
  const Expr exponent = select(is_subnormal, -52 - p.scale, -p.scale);
  const Extended fraction = log2_of_mantissa(p.mantissa);
  const Extended sum = fast_two_sum(exponent, fraction.high);
  return {with_ends(sum.high, x), sum.low + fraction.low};
}

Expr power_float64(Expr base, Expr exponent) {
  const Extended log2 = log2_of(base);
  const Extended product = two_product(exponent, log2.high);
  // Where the product is clamped its low part, which may be NaN, must not count.
  const Expr low = select(abs(product.high) < 1100, fma(exponent, log2.low, product.low), 0);
  const Expr high = at_least(at_most(product.high, 1025), -1080);
  const Integer n = rounded_product(high, 1, 2 * format(base).bias);
  return scaled(polynomial((high - n.number) + low, exp2), n);
}

}  // namespace

Expr power_of_magnitude(Expr base, Expr exponent) {
  return base->dtype == DType::float32 ? power_float32(base, exponent) : power_float64(base, exponent);
}

}  // namespace theon::codegen::math

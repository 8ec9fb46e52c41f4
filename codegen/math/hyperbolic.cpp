// tanh x = t / (t + 1) with t = (e^2x - 1) / 2.
#include "codegen/math/extended.h"
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

#include <numbers>

namespace theon::codegen::math {

namespace {

// Of ((e^2r - 1) / 2 - r) / r^2 for |r| <= ln(2) / 4, relative error of the whole 2^-31.1.
constexpr double tail[] = {0x1p0, 0x1.555554p-1, 0x1.5554f8p-2, 0x1.1112d6p-3, 0x1.6d3a6cp-5, 0x1.9e786ep-7};

/// For x >= 0. Where x is large its error hardly matters, so ln 2 is taken as one float.
Expr half_expm1_of_double(Expr x) {
  const Integer n = rounded_product(x, 2 * std::numbers::log2e, format(x).bias);
  const Expr r = fma(n.number, -0x1.62e43p-2, x);
  const Expr scale = power_of_two(n);
  return fma(scale, fma(r * r, polynomial(r, tail), r), fma(scale, 0.5, -0.5));
}

Expr tanh_float32(Expr x) {
  const Expr t = half_expm1_of_double(x);
  return t / (t + 1);
}

Expr tanh_float64(Expr x) {
  const Expr t = expand_expm1(x + x);
  const Extended divisor = fast_two_sum(number(x, 2), t);
  const Expr inverse = 1 / divisor.high;
  const Expr quotient = t * inverse;
  // One step of Newton's method takes back what rounding the divisor and the quotient cost, 1.5 units.
  const Expr remainder = fma(-quotient, divisor.low, fma(-quotient, divisor.high, t));
  return fma(remainder, inverse, quotient);
}

}  // namespace

Expr expand_tanh(Expr x) {
  // Beyond the bounds tanh rounds to 1.
  const Expr magnitude = abs(x);
  const Expr y =
      x->dtype == DType::float32 ? tanh_float32(at_most(magnitude, 9.02)) : tanh_float64(at_most(magnitude, 19.1));
  return flip_sign(y, sign_of(x));
}

}  // namespace theon::codegen::math

// tanh x = t / (t + 1) with t = (e^2x - 1) / 2.
#include "codegen/math/extended.h"
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

#include <numbers>

namespace theon::codegen::math {

namespace {

// Of ((e^2r - 1) / 2 - r) / r^2 for |r| <= ln(2) / 4, relative errors of the whole 2^-31.1 and 2^-55.2.
constexpr double tail_float32[] = {0x1p0, 0x1.555554p-1, 0x1.5554f8p-2, 0x1.1112d6p-3, 0x1.6d3a6cp-5, 0x1.9e786ep-7};
constexpr double tail_float64[] = {
    0x1.0000000000005p0,  0x1.5555555555558p-1, 0x1.55555555524eep-2,  0x1.111111111790ap-3,  0x1.6c16c17de9345p-5,
    0x1.a01a016a78321p-7, 0x1.a019aaaceb798p-9, 0x1.71deb7642738bp-11, 0x1.289e8caaecefap-13, 0x1.ae09eef684428p-16};

/// For x >= 0. Where x is large its error hardly matters, so ln 2 is taken as one number.
Expr half_expm1_of_double(Expr x) {
  const bool is_short = x->dtype == DType::float32;
  const Integer n = rounded_product(x, 2 * std::numbers::log2e, format(x).bias);
  const Expr r = fma(n.number, is_short ? -0x1.62e43p-2 : -0x1.62e42fefa39efp-2, x);
  const Expr scale = power_of_two(n);
  const Expr tail = is_short ? polynomial(r, tail_float32) : polynomial(r, tail_float64);
  return fma(scale, fma(r * r, tail, r), fma(scale, 0.5, -0.5));
}

Expr plain_tanh(Expr x) {
  const Expr t = half_expm1_of_double(x);
  return t / (t + 1);
}

/// t / (t + bound), where both are a multiple of the above; t may be without a low part.
Expr quotient_float64(const Extended& t, double bound) {
  const Extended divisor = fast_two_sum(number(t.high, bound), t.high);
  const Expr inverse = 1 / divisor.high;
  const Expr quotient = t.high * inverse;
  // One step of Newton's method takes back what rounding the divisor and the quotient cost, 1.5 units.
  const Expr remainder = fma(-quotient, divisor.low, fma(-quotient, divisor.high, t.high));
  return fma(t.low ? remainder + t.low : remainder, inverse, quotient);
}

/// |x|, where it is beyond what tanh rounds to 1 a number there.
Expr bounded_magnitude(Expr x) { return at_most(abs(x), x->dtype == DType::float32 ? 9.02 : 19.1); }

}  // namespace

Expr expand_tanh(Expr x) {
  const Expr magnitude = bounded_magnitude(x);
  const Expr y = x->dtype == DType::float32 ? plain_tanh(magnitude)
                                            : quotient_float64({expand_expm1(magnitude + magnitude), Expr()}, 2);
  return flip_sign(y, sign_of(x));
}

Expr tabulated_tanh(Expr x) {
  if (x->dtype == DType::float32) return expand_tanh(x);
  const Expr magnitude = bounded_magnitude(x);
  return flip_sign(quotient_float64(tabulated_half_expm1(magnitude + magnitude), 1), sign_of(x));
}

Expr fast_tanh(Expr x) { return flip_sign(plain_tanh(bounded_magnitude(x)), sign_of(x)); }

}  // namespace theon::codegen::math

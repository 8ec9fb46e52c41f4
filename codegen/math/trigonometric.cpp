// sin and cos: x = n pi/2 + r with |r| <= pi/4, and minimax polynomials of sin r and cos r.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"
#include "codegen/math/quadrants.h"

namespace theon::codegen::math {

namespace {

struct Constants {
  std::span<const double> sin;  // of -2 (sin r - r) / r^3 in r^2, one less
  std::span<const double> cos;  // of (cos r - 1) / r^2 in r^2
};

// Relative error 2^-27.9 and 2^-33.
constexpr double sin_float32[] = {0x1.555546p-2, -0x1.110774p-6, 0x1.9951eap-12};
constexpr double cos_float32[] = {-0x1p-1, 0x1.55554ap-5, -0x1.6c0c28p-10, 0x1.99e80cp-16};
// Relative error 2^-57.9 and 2^-63.9.
constexpr double sin_float64[] = {0x1.5555555555548p-2,   -0x1.111111110f73p-6,  0x1.a01a019be91f5p-12,
                                  -0x1.71de35552f451p-18, 0x1.ae5e4b92b4636p-25, -0x1.5d8b5f6b8e362p-32};
constexpr double cos_float64[] = {-0x1p-1,
                                  0x1.555555555554bp-5,
                                  -0x1.6c16c16c15005p-10,
                                  0x1.a01a019c8c7e5p-16,
                                  -0x1.27e4f7ef0eba4p-22,
                                  0x1.1ee9d9c7d5d8ep-29,
                                  -0x1.8fa55456e5f47p-37};

constexpr Constants float32{sin_float32, cos_float32};
constexpr Constants float64{sin_float64, cos_float64};

const Constants& constants(Expr x) { return x->dtype == DType::float32 ? float32 : float64; }

/// In quadrants 2 and 3 the sign is changed.
Expr sign_in(Expr quadrant) { return (quadrant & 2) << (8 * size_of(quadrant->dtype) - 2); }

/// The sine of n pi/2 + angle where the angle is rounded: one polynomial with the coefficients of the sine or of the
/// cosine, for selecting is no work for the units that multiply.
Expr sin_near(Expr angle, Expr n) {
  const Constants& c = constants(angle);
  const Expr is_cos = (n & 1) != 0, squared = angle * angle;
  Expr sum = select(is_cos, number(angle, c.cos.back()), 0);
  for (std::size_t k = c.sin.size(); k-- > 0;)
    sum = fma(sum, squared, select(is_cos, number(angle, c.cos[k]), -0.5 * c.sin[k]));
  const Expr leading = select(is_cos, number(angle, 1), angle);
  return flip_sign(fma(leading * squared, sum, leading), sign_in(n));
}

/// The sine of n pi/2 + angle: the sine or the cosine of the angle, or minus that.
Expr sin_far(const Reduced& x, Expr n) {
  const Constants& c = constants(x.angle);
  const Expr r = x.angle;
  const Expr squared = fma(r, r, -(r * x.twice_rest));
  const Expr sin = fma(fma(r * squared, polynomial(squared, c.sin), x.twice_rest), -0.5, r);
  const Expr cos = fma(squared, polynomial(squared, c.cos), 1);
  return flip_sign(select((n & 1) != 0, cos, sin), sign_in(n));
}

/// False for NaN.
Expr is_near(Expr magnitude) { return magnitude < near_bound(magnitude); }

}  // namespace

Expr expand_sin(Expr x) {
  const Expr magnitude = abs(x);
  const Rounded near = reduce_near(magnitude);
  const Reduced far = reduce_far(magnitude);
  const Expr sin = usually(is_near(magnitude), sin_near(near.angle, near.quadrant), sin_far(far, far.quadrant));
  return flip_sign(sin, sign_of(x));
}

Expr expand_cos(Expr x) {
  const Expr magnitude = abs(x);
  const Rounded near = reduce_near(magnitude);
  const Reduced far = reduce_far(magnitude);
  return usually(is_near(magnitude), sin_near(near.angle, near.quadrant + 1), sin_far(far, far.quadrant + 1));
}

}  // namespace theon::codegen::math

// log and log1p: x = 2^e (1 + f), log x = e ln 2 + f + f^2 q(f), with q a minimax polynomial. The mantissa 1 + f begins
// below 1 so that nothing cancels near x = 1, where e = 0. Rounded to a format, ln 2 is off by less than a tenth of
// what rounding the sum costs.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace theon::codegen::math {

namespace {

// q for mantissas from sqrt(1/2) to sqrt(2); relative errors of the logarithm 2^-27.7 and 2^-56.7.
constexpr double balanced_float32[] = {-0x1.fffff8p-2, 0x1.55555p-2,  -0x1.000432p-2, 0x1.99a416p-3, -0x1.5425bp-3,
                                       0x1.226e68p-3,  -0x1.0f425p-3, 0x1.085d04p-3,  -0x1.3823c8p-4};
constexpr double balanced_float64[] = {
    -0x1.0000000000003p-1, 0x1.5555555555521p-2,  -0x1.fffffffffded9p-3, 0x1.99999999a0db9p-3,  -0x1.55555556e2659p-3,
    0x1.2492492284debp-3,  -0x1.fffffef6fc5d9p-4, 0x1.c71c71bfc6ae7p-4,  -0x1.9999c8ebb2bd4p-4, 0x1.745d47d5e2a86p-4,
    -0x1.555079138712ep-4, 0x1.3b0a9c00b13d8p-4,  -0x1.24dbe47f6a29bp-4, 0x1.11d9cc2db759ep-4,  -0x1.fb78261b39666p-5,
    0x1.cfa8b13c8d231p-5,  -0x1.d11b4cf76f04ap-5, 0x1.0b54f470c84d2p-4,  -0x1.ebea2ec920c1dp-5, 0x1.acffa63651069p-6};
// q for mantissas from 3/4 to 3/2; the errors are 2^-27.6 and 2^-56.5.
constexpr double shifted_float32[] = {-0x1p-1,       0x1.5555a4p-2,  -0x1.00004ap-2, 0x1.9969acp-3, -0x1.54eda6p-3,
                                      0x1.287facp-3, -0x1.0d9754p-3, 0x1.acf654p-4,  -0x1.71ecf6p-5};
constexpr double shifted_float64[] = {
    -0x1.ffffffffffffbp-2, 0x1.55555555555c3p-2,  -0x1.0000000000dddp-2, 0x1.9999999989963p-3,  -0x1.55555553fd627p-3,
    0x1.24924929eb7b2p-3,  -0x1.00000077f2632p-3, 0x1.c71c70ef8de25p-4,  -0x1.99996e0fdf196p-4, 0x1.745ce38a4c415p-4,
    -0x1.555983fa2bea9p-4, 0x1.3b1ff260c1317p-4,  -0x1.246399d8d09afp-4, 0x1.101196c9bb0d5p-4,  -0x1.fff3be1b9bfe9p-5,
    0x1.f2b40f5137e6bp-5,  -0x1.e9983385167cfp-5, 0x1.9f61c7b50732cp-5,  -0x1.e01ae34754981p-6, 0x1.073d3455cd75bp-7};

struct Constants {
  double ln2;
  double almost_one, almost_three_quarters;  // two units and one unit below
  double smallest_normal;
  std::span<const double> balanced, shifted;
};
constexpr Constants float32{0x1.62e43p-1, 0x1.fffffcp-1, 0x1.7ffffep-1, 0x1p-126, balanced_float32, shifted_float32};
constexpr Constants float64{0x1.62e42fefa39efp-1, 0x1.ffffffffffffep-1, 0x1.7ffffffffffffp-1, 0x1p-1022,
                            balanced_float64,     shifted_float64};

const Constants& constants(Expr x) { return x->dtype == DType::float32 ? float32 : float64; }

/// log((1 + f) / 2^(scale * unit)).
Expr log_of_parts(Expr f, Expr scale, double unit, std::span<const double> q) {
  return fma(scale, -unit * constants(f).ln2, fma(f * f, polynomial(f, q), f));
}

constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

/// y where x lies between `pole`, the place of -infinity, and infinity; the values of a logarithm elsewhere.
Expr with_ends(Expr y, Expr x, double pole) {
  return select(x == inf, x, select(pole < x, y, select(x == pole, number(x, -inf), nan)));
}

}  // namespace

Expr expand_log(Expr x) {
  const Constants& c = constants(x);
  const int fraction_bits = format(x).fraction_bits;
  const Expr is_subnormal = x < c.smallest_normal;
  const Parts p = parts(select(is_subnormal, x * std::ldexp(1.0, fraction_bits), x), std::numbers::sqrt2 / 2);
  const Expr scale = select(is_subnormal, p.scale + fraction_bits / p.scale_unit, p.scale);
  return with_ends(log_of_parts(p.mantissa - 1, scale, p.scale_unit, c.balanced), x, 0);
}

Expr tabulated_log(Expr x) {
  // Of 0 and infinity the mantissa is 1 and the exponent infinite, of what has no logarithm the mantissa is NaN.
  const Expr m = mantissa(x);
  return log_of_parts(m - 1, exponent(m) - exponent(x), 1, constants(x).shifted);
}

Expr fast_log(Expr x) {
  const Constants& c = constants(x);
  const Parts p = parts(x, std::numbers::sqrt2 / 2);
  const Expr y = log_of_parts(p.mantissa - 1, p.scale, p.scale_unit, c.balanced);
  return select(x == inf, x,
                select(number(x, c.smallest_normal) <= x, y, select(number(x, 0) <= x, number(x, -inf), nan)));
}

Expr expand_log1p(Expr x) {
  const Constants& c = constants(x);
  // 1 + x is rounded only to find n. Both it and the bound are taken a little smaller: numbers just below 1/2 and just
  // above -1/4, where 1 + x would be rounded to 3/2 and to 3/4, then have n = 0 for certain.
  const Parts p = parts(fma(x, c.almost_one, c.almost_one), c.almost_three_quarters);
  // So f = x 2^n - (1 - 2^n) is exact: with another n those would need one bit more than there are. 2^n alone may be
  // too small for a normal number, 4 * 2^n is not.
  const Expr scale = number_of(bits_of(number(x, 4)) + p.shift, x);
  const Expr f = fma(x * scale, 0.25, -fma(scale, -0.25, 1));
  return with_ends(log_of_parts(f, p.scale, p.scale_unit, c.shifted), x, -1);
}

}  // namespace theon::codegen::math

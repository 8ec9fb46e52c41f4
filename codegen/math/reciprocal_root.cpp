// 1 / sqrt(x) from an estimate y: with e = 1 - x y^2 it is y (1 - e)^(-1/2), a series that is short since |e| < 2^-13.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

namespace theon::codegen::math {

namespace {

// Of ((1 - e)^(-1/2) - 1) / e for |e| <= 2^-13, to 2^-28.4 and 2^-55.9 of the root: its series, the next term of which
// is spread over the ones before.
constexpr double series_float32[] = {0x1p-1};
constexpr double series_float64[] = {0x1p-1, 0x1.8000003480000p-2, 0x1.4p-2};

}  // namespace

Expr tabulated_rsqrt(Expr x) {
  const Expr y = rsqrt_estimate(x);
  // Of 0 and infinity the estimate is the result, and this is NaN.
  const Expr e = fma(-(x * y), y, 1);
  const Expr series = x->dtype == DType::float32 ? polynomial(e, series_float32) : polynomial(e, series_float64);
  return select(e == e, fma(y * e, series, y), y);
}

}  // namespace theon::codegen::math

// log and log1p: x = 2^e (1 + f), log x = e ln 2 + f + f^2 q(f), with q a minimax polynomial. The mantissa 1 + f begins below 1 so that nothing cancels near
// x = 1, where e = 0. Rounded to a format, ln 2 is off by less than a tenth of what rounding the sum costs.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace theon::codegen::math {

namespace {

struct Constants {
  double ln2;
  double smallest_normal;
  std::span<const double> balanced;  // q for mantissas from sqrt(1/2) to sqrt(2)
  std::span<const double> shifted;   // q for mantissas from 3/4 to 3/2
};

// Relative error of the logarithm 2^-27.8.
constexpr double balanced_float32[] = {-0x1.fffff8p-2, 0x1.55555p-2,   -0x1.00043p-2,  0x1.99a3a4p-3, -0x1.542548p-3,
                                       0x1.227b44p-3,  -0x1.0f57c6p-3, 0x1.0804a2p-3, -0x1.36be36p-4};
// The same 2^-27.5.
constexpr double shifted_float32[] = {-0x1p-1,        0x1.5555a8p-2,  -0x1.00005ap-2, 0x1.99685p-3,  -0x1.54e67p-3,
                                      0x1.288446p-3, -0x1.0debb2p-3, 0x1.ae4afp-4,   -0x1.739c2ap-5};
// The same 2^-55.3.
constexpr double balanced_float64[] = {
    -0x1.0000000000006p-1, 0x1.555555555555ep-2,  -0x1.fffffffffc97p-3,  0x1.9999999995984p-3,  -0x1.555555579b442p-3,
    0x1.2492492844348p-3,  -0x1.fffffea04618cp-4, 0x1.c71c6eea72c1ep-4,  -0x1.9999d25b008ffp-4, 0x1.745da928ad99p-4,
    -0x1.555019c4f64d9p-4, 0x1.3b03374d5068p-4,   -0x1.24d853dc88912p-4, 0x1.122947d1d1f7ep-4,  -0x1.fc6c481c8ad42p-5,
    0x1.cc730fa61a80ap-5,  -0x1.c8b049610337cp-5, 0x1.0d0d892470718p-4,  -0x1.02cf2dce873afp-4, 0x1.d4f2eb0d79ac3p-6};
// The same 2^-58.1.
constexpr double shifted_float64[] = {
    -0x1.ffffffffffffdp-2, 0x1.5555555555552p-2,  -0x1.00000000006a6p-2, 0x1.999999999b8e5p-3,  -0x1.55555554cc9fp-3,
    0x1.24924922a4d07p-3,  -0x1.000000261235cp-3, 0x1.c71c7346d2531p-4,  -0x1.99998f9cc0dedp-4, 0x1.745cce51e983cp-4,
    -0x1.5555cb00a58a5p-4, 0x1.3b1aeb7307218p-4,  -0x1.249981bfc6508p-4, 0x1.10b8841d21fd7p-4,  -0x1.fde0840f47ae7p-5,
    0x1.e3ecc2335cefp-5,   -0x1.db91f320e0d7ep-5, 0x1.ce42e7ab18c41p-5,  -0x1.7add7dfd05d63p-5, 0x1.a23186e206266p-6,
    -0x1.b5fce308db9c9p-8};

constexpr Constants float32{0x1.62e43p-1, 0x1p-126, balanced_float32, shifted_float32};
constexpr Constants float64{0x1.62e42fefa39efp-1, 0x1p-1022, balanced_float64, shifted_float64};

const Constants& constants(Expr x) { return x->dtype == DType::float32 ? float32 : float64; }

/// log((1 + f) / 2^(scale * unit)).
Expr log_of_parts(Expr f, Expr scale, double unit, std::span<const double> q) {
  return fma(scale, -unit * constants(f).ln2, fma(f * f, polynomial(f, q), f));
}

/// y where x lies between `pole`, the place of -infinity, and infinity; the values of a logarithm elsewhere.
Expr with_ends(Expr y, Expr x, double pole) {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
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

Expr expand_log1p(Expr x) {
  const Parts p = parts(1 + x, 0.75);
  // f = x 2^n - (1 - 2^n) is exact: 1 + x is rounded only to find n. 2^n alone may be too small for a normal number, 4 * 2^n is not.
  const Expr scale = number_of(bits_of(number(x, 4)) + p.shift, x);
  const Expr f = fma(x * scale, 0.25, -fma(scale, -0.25, 1));
  return with_ends(log_of_parts(f, p.scale, p.scale_unit, constants(x).shifted), x, -1);
}

}  // namespace theon::codegen::math

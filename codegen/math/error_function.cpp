// erf: an odd polynomial up to 1, a polynomial about a point between 1 and where erf rounds to 1 beyond.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

namespace theon::codegen::math {

namespace {

// Of erf(x) / x - 1 in x^2 for |x| <= 1, relative errors of erf 2^-29.4 and 2^-55.9.
constexpr double inner_float32[] = {0x1.06eba8p-3, -0x1.81273ep-2, 0x1.ce2ce6p-4,  -0x1.b7f71ap-6,
                                    0x1.53f224p-8, -0x1.a3515ep-11, 0x1.4771fep-14};
constexpr double inner_float64[] = {0x1.06eba8214db68p-3,  -0x1.812746b03799dp-2,  0x1.ce2f21a03f8b7p-4,
                                    -0x1.b82ce311a8febp-6, 0x1.565bcceeaf81fp-8,   -0x1.c02daeab58998p-11,
                                    0x1.f9a2950b3b027p-14, -0x1.f4c80c0c1b576p-17, 0x1.b9699e32aee69p-20,
                                    -0x1.5b7f8c07dbc89p-23, 0x1.d374a1764069fp-27, -0x1.a0d5ac22d9617p-31};
// Of erf(center + z); errors 2^-30.5 for 1 <= center + z <= 4 and 2^-57.9 up to 6.
constexpr double outer_float32[] = {0x1.ffa5bcp-1,  0x1.d2251ap-9,   -0x1.17aec4p-7,  0x1.98a42ap-7,
                                    -0x1.8d1f42p-7, 0x1.029ee4p-7,   -0x1.9426bp-9,   0x1.f05c6ap-13,
                                    0x1.115adep-11, -0x1.566174p-12, 0x1.00d9c6p-14,  0x1.e564dcp-16,
                                    -0x1.42964ep-16, 0x1.f0154cp-20, 0x1.7b53a6p-20,  -0x1.785dd8p-22};
constexpr double outer_float64[] = {
    0x1.ffffe70b9cb55p-1,   0x1.6aa28b74eb468p-18,  -0x1.3d4b9d6a8b85ep-16, 0x1.630e65d2d5239p-15,
    -0x1.1c3912ad70b93p-14, 0x1.58a41137d9a53p-14,  -0x1.46467b9608063p-14, 0x1.e86a3a9cff3a5p-15,
    -0x1.1f845e7ad5715p-15, 0x1.014b94ec4b94ep-16,  -0x1.377d858a7f64dp-18, 0x1.dcda52d23821p-22,
    0x1.dcf8d5c811bbep-22,  -0x1.441237762a999p-22, 0x1.8c89221b06f5fp-24,  -0x1.88d5d5efda64bp-28,
    -0x1.1c321a946a537p-27, 0x1.155eb079ec4bdp-28,  -0x1.83206b54cdf2fp-31, -0x1.3805a33477a16p-33,
    0x1.fed5ce550a1c2p-34,  -0x1.c6de24ebfbc7ap-36, -0x1.ec5c69ff2f597p-40, 0x1.77fc384ed8323p-39,
    -0x1.74c3e565c816cp-41, -0x1.3e3f6df62b2e5p-46, 0x1.07402b6a5a489p-44,  -0x1.006b722b29af3p-46,
    -0x1.664eb97d5a6c5p-50, 0x1.75b138b1f1f59p-50,  -0x1.2649aa08dc378p-53, -0x1.094fa31a8ed3ap-54,
    0x1.b9da670c6ab18p-57,  0x1.7840c44e1e763p-60,  -0x1.07b74c367521p-61,  -0x1.83fd18302c9bap-68,
    0x1.0359192db8a4cp-67,  -0x1.22cb67ee2d84cp-72};

struct Constants {
  double highest;  // from here on erf rounds to 1
  double center;   // chosen so that erf(center) is very close to a number of the format, its value in the polynomial
  std::span<const double> inner, outer;
};
constexpr Constants float32{4, 0x1.3331bep1, inner_float32, outer_float32};
constexpr Constants float64{6, 0x1.bffc5p1, inner_float64, outer_float64};

}  // namespace

Expr expand_erf(Expr x) {
  const Constants& c = x->dtype == DType::float32 ? float32 : float64;
  const Expr magnitude = at_most(abs(x), c.highest);
  const Expr inner = fma(polynomial(magnitude * magnitude, c.inner), magnitude, magnitude);
  const Expr outer = polynomial(magnitude - c.center, c.outer);
  return flip_sign(select(magnitude < 1, inner, outer), sign_of(x));
}

}  // namespace theon::codegen::math

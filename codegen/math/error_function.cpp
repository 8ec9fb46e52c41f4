// erf: an odd polynomial near zero, and beyond it one about a point halfway to where erf rounds to 1.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

namespace theon::codegen::math {

namespace {

// Of erf(x) / x - 1 in x^2; relative errors of erf 2^-29.4 for |x| <= 1 and 2^-56.2 for |x| <= 1.25.
constexpr double inner_float32[] = {0x1.06eba8p-3, -0x1.81273ep-2,  0x1.ce2ce6p-4, -0x1.b7f71ap-6,
                                    0x1.53f224p-8, -0x1.a3515ep-11, 0x1.4771fep-14};
constexpr double inner_float64[] = {0x1.06eba8214db69p-3,   -0x1.812746b037a14p-2,  0x1.ce2f21a0443afp-4,
                                    -0x1.b82ce312d7b17p-6,  0x1.565bcd16ee5c4p-8,   -0x1.c02db517336c9p-11,
                                    0x1.f9a33db72359ep-14,  -0x1.f4d39588319f4p-17, 0x1.b9f200c37419ep-20,
                                    -0x1.5fb6b1230d955p-23, 0x1.fe9041064c448p-27,  -0x1.53d57689016ccp-30,
                                    0x1.8b2af4bd58bfcp-34,  -0x1.2d9b44139668bp-38};
// Of erf(center + z) in z; errors 2^-30.5 for 1 <= center + z <= 4 and 2^-57.4 for 1.25 <= center + z <= 6.
constexpr double outer_float32[] = {0x1.ffa5bcp-1,   0x1.d2251ap-9,   -0x1.17aec4p-7, 0x1.98a42ap-7,
                                    -0x1.8d1f42p-7,  0x1.029ee4p-7,   -0x1.9426bp-9,  0x1.f05c6ap-13,
                                    0x1.115adep-11,  -0x1.566174p-12, 0x1.00d9c6p-14, 0x1.e564dcp-16,
                                    -0x1.42964ep-16, 0x1.f0154cp-20,  0x1.7b53a6p-20, -0x1.785dd8p-22};
constexpr double outer_float64[] = {
    0x1.ffffe70b9cb55p-1,   0x1.6aa28b74d92d1p-18,  -0x1.3d4b9d6a8ea4dp-16, 0x1.630e65d3376b2p-15,
    -0x1.1c3912ad5e5d8p-14, 0x1.58a4113587914p-14,  -0x1.46467b96911efp-14, 0x1.e86a3ab6d44edp-15,
    -0x1.1f845e772c81fp-15, 0x1.014b94494a997p-16,  -0x1.377d85bcc92f9p-18, 0x1.dcdaa456737e9p-22,
    0x1.dcf8d7e8103acp-22,  -0x1.4412a6286ee9fp-22, 0x1.8c892978db58ep-24,  -0x1.88bb2b4a39adep-28,
    -0x1.1c32d1f12ec05p-27, 0x1.154beb0e4e169p-28,  -0x1.83136337ee2ebp-31, -0x1.36cb0fd618022p-33,
    0x1.fe8c4c465c89dp-34,  -0x1.cabc2019b3c6dp-36, -0x1.e369d8240ac1ap-40, 0x1.812448b0d0294p-39,
    -0x1.7b044f94f5f9p-41,  -0x1.20b9352b245d1p-45, 0x1.13ee2e9cfbeedp-44,  -0x1.acaf7c10e7afp-47,
    -0x1.faac5a0d1e473p-50, 0x1.282e10d921b7ep-50,  -0x1.1b357d3255ad8p-54, -0x1.54de07cdc9d1bp-55,
    0x1.cfd63a3a11cd7p-58,  0x1.b14bc701338bep-62,  -0x1.6a23da0018a7ap-63, 0x1.5772aa0fe7101p-67};

struct Constants {
  double split;    // where the polynomials meet
  double highest;  // from here on erf rounds to 1
  double center;   // chosen for an erf(center) very close to a number of the format, its value in the polynomial
  std::span<const double> inner, outer;
};
constexpr Constants float32{1, 4, 0x1.3331bep1, inner_float32, outer_float32};
constexpr Constants float64{1.25, 6, 0x1.bffc5p1, inner_float64, outer_float64};

}  // namespace

Expr expand_erf(Expr x) {
  const Constants& c = x->dtype == DType::float32 ? float32 : float64;
  const Expr magnitude = at_most(abs(x), c.highest);
  const Expr inner = fma(polynomial(magnitude * magnitude, c.inner), magnitude, magnitude);
  const Expr outer = polynomial(magnitude - c.center, c.outer);
  return flip_sign(select(magnitude < c.split, inner, outer), sign_of(x));
}

}  // namespace theon::codegen::math

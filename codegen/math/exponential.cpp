// exp and expm1: e^x = 2^n e^r with n the integer nearest to x / ln 2 and |r| <= ln(2) / 2, after W. J. Cody and W. Waite, Software Manual for the Elementary
// Functions (1980). The polynomials are minimax in the relative error on [-ln(2) / 2, ln(2) / 2].
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

#include <numbers>

namespace theon::codegen::math {

namespace {

struct Constants {
  double lowest, highest;     // beyond these exp is 0 and infinity
  double lowest_minus_one;    // below this expm1 is -1
  double tiny;                // below this expm1(x) is x
  double ln2, ln2_rest;
  std::span<const double> exp;    // of e^r
  std::span<const double> tail;   // of (e^r - 1 - r) / r^2
};

// Relative error 2^-28.1.
constexpr double exp_float32[] = {1, 1, 0x1.fffffcp-2, 0x1.55548cp-3, 0x1.5558ecp-5, 0x1.123d6p-7, 0x1.69ecb8p-10};
// Relative error 2^-57.3.
constexpr double exp_float64[] = {1,
                                  1,
                                  0x1.000000000000ap-1,
                                  0x1.55555555555p-3,
                                  0x1.55555555505f4p-5,
                                  0x1.1111111125a86p-7,
                                  0x1.6c16c184755eap-10,
                                  0x1.a01a0127368edp-13,
                                  0x1.a01999bc53b02p-16,
                                  0x1.71df5590d2863p-19,
                                  0x1.28ad7f565d6dcp-22,
                                  0x1.acf1bc3c5cfbdp-26};
// Relative error of r + r^2 tail(r) 2^-31.
constexpr double tail_float32[] = {0x1p-1,        0x1.555554p-3,  0x1.5554eap-5,
                                   0x1.1113acp-7, 0x1.6d4cacp-10, 0x1.9c5e4cp-13};
// The same 2^-57.6.
constexpr double tail_float64[] = {0x1.0000000000001p-1, 0x1.5555555555557p-3, 0x1.5555555554b11p-5,
                                   0x1.1111111110645p-7, 0x1.6c16c16fffbc3p-10, 0x1.a01a01a8ac0dp-13,
                                   0x1.a019ee517d631p-16, 0x1.71de0bbe04731p-19, 0x1.280e3fa3a1eddp-22,
                                   0x1.af3bfa1ccad76p-26, 0x1.bef1258314735p-30};

// ln 2 is the sum of two numbers of the format, to which the first is the nearest.
constexpr Constants float32{-104, 89, -18, 0x1p-60, 0x1.62e43p-1, -0x1.05c61p-29, exp_float32, tail_float32};
constexpr Constants float64{-746, 710, -38, 0x1p-120, 0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56, exp_float64, tail_float64};

const Constants& constants(Expr x) { return x->dtype == DType::float32 ? float32 : float64; }

}  // namespace

Expr expand_exp(Expr x) {
  const Constants& c = constants(x);
  const Expr clamped = at_least(at_most(x, c.highest), c.lowest);
  const Integer n = rounded_product(clamped, std::numbers::log2e, 2 * format(x).bias);
  const Expr r = fma(n.number, -c.ln2_rest, fma(n.number, -c.ln2, clamped));
  return scaled(polynomial(r, c.exp), n);
}

Expr expand_expm1(Expr x) {
  const Constants& c = constants(x);
  const Expr clamped = at_least(at_most(x, c.highest), c.lowest_minus_one);
  // All is halved, so that 2^n stays finite where the result does.
  const Integer n = rounded_product(clamped, std::numbers::log2e, format(x).bias - 1);
  const Expr scale = power_of_two(n);
  // r = high - low, where high is exact.
  const Expr high = fma(n.number, -c.ln2, clamped);
  const Expr low = n.number * c.ln2_rest;
  const Expr r = high - low;
  const Expr tail = fma(r * r, polynomial(r, c.tail), -low);
  // scale * (high + tail) + (scale - 1/2): where both summands are of one size, the rounding of the leading sum would cost half a unit.
  const Expr less = scale - 0.5;
  const Expr sum = fma(scale, high, less);
  const Expr rest = fma(scale, high, less - sum) + ((scale - less) - 0.5);
  const Expr half = sum + fma(scale, tail, rest);
  return select(abs(x) < c.tiny, x, half + half);
}

}  // namespace theon::codegen::math

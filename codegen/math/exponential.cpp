// exp and expm1: e^x = 2^n e^r with n the integer nearest to x / ln 2 and |r| <= ln(2) / 2, after W. J. Cody and W.
// Waite, Software Manual for the Elementary Functions (1980). The polynomials are minimax in relative error for these
// r.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

#include <numbers>
#include <vector>

namespace theon::codegen::math {

namespace {

// Of e^r, to 2^-28.2 and 2^-57.6.
constexpr double exp_float32[] = {1, 1, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558bap-5, 0x1.1239b4p-7, 0x1.6a4356p-10};
constexpr double exp_float64[] = {1,
                                  1,
                                  0x1.000000000000ap-1,
                                  0x1.5555555555508p-3,
                                  0x1.55555555505a4p-5,
                                  0x1.1111111123535p-7,
                                  0x1.6c16c184d067ap-10,
                                  0x1.a01a014615f1bp-13,
                                  0x1.a019985f3d575p-16,
                                  0x1.71dee427745c6p-19,
                                  0x1.28aedc97a0dfbp-22,
                                  0x1.ade551f4a07a3p-26};
// Of (e^r - 1 - r) / r^2, for errors of e^r - 1 of 2^-31.1 and 2^-55.2.
constexpr double tail_float32[] = {0x1p-1, 0x1.555554p-3, 0x1.5554f8p-5, 0x1.1112d6p-7, 0x1.6d3a6cp-10, 0x1.9e786ep-13};
constexpr double tail_float64[] = {
    0x1.0000000000005p-1,  0x1.5555555555558p-3,  0x1.55555555524eep-5,  0x1.111111111790ap-7,  0x1.6c16c17de9345p-10,
    0x1.a01a016a78321p-13, 0x1.a019aaaceb798p-16, 0x1.71deb7642738bp-19, 0x1.289e8caaecefap-22, 0x1.ae09eef684428p-26};

struct Constants {
  double lowest, highest;   // beyond these exp is 0 and infinity
  double lowest_minus_one;  // below this expm1 is -1
  double tiny;              // below this expm1(x) is x
  double ln2, ln2_rest;     // the number nearest to ln 2, and the one nearest to what is left
  std::span<const double> exp, tail;
};
constexpr Constants float32{-104, 89, -18, 0x1p-60, 0x1.62e43p-1, -0x1.05c61p-29, exp_float32, tail_float32};
constexpr Constants float64{-746,        710,         -38, 0x1p-120, 0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56,
                            exp_float64, tail_float64};

const Constants& constants(Expr x) { return x->dtype == DType::float32 ? float32 : float64; }

/// x - n ln 2.
Expr reduced(Expr x, const Integer& n, const Constants& c) {
  return fma(n.number, -c.ln2_rest, fma(n.number, -c.ln2, x));
}

}  // namespace

Expr expand_exp(Expr x) {
  const Constants& c = constants(x);
  const Expr clamped = at_least(at_most(x, c.highest), c.lowest);
  const Integer n = rounded_product(clamped, std::numbers::log2e, 2 * format(x).bias);
  return scaled(polynomial(reduced(clamped, n, c), c.exp), n);
}

Expr scaled_exp(Expr x) {
  const Constants& c = constants(x);
  const Expr clamped = at_least(at_most(x, c.highest), c.lowest);
  const Integer n = rounded_product(clamped, std::numbers::log2e);
  return scale(polynomial(reduced(clamped, n, c), c.exp), n.number);
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
  // scale * (high + tail) + (scale - 1/2): what rounding the leading sum loses is added at the end, for it would cost a
  // unit where the summands nearly cancel.
  const Expr less = scale - 0.5;
  const Expr sum = fma(scale, high, less);
  const Expr rest = fma(scale, high, less - sum) + ((scale - less) - 0.5);
  const Expr half = sum + fma(scale, tail, rest);
  return select(abs(x) < c.tiny, x, half + half);
}

Expr fast_exp(Expr x) {
  const Constants& c = constants(x);
  // 2 e^r 2^(n - 1), where n - 1 is the exponent of a normal number: below, the result is taken for 0.
  const Integer n = rounded_product(at_most(x, c.highest), std::numbers::log2e, format(x).bias - 1);
  std::vector<double> doubled;
  for (const double coefficient : c.exp) doubled.push_back(2 * coefficient);
  const Expr y = polynomial(reduced(at_most(x, c.highest), n, c), doubled) * power_of_two(n);
  return select(x < (2.5 - format(x).bias) * std::numbers::ln2, 0, y);
}

}  // namespace theon::codegen::math

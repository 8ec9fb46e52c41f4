// exp and expm1 of float64 for machines with tables: e^x = 2^m t e^r with m an integer, t the k-th of sixteen numbers
// 2^(k/16), m + k/16 the multiple of 1/16 nearest to x / ln 2, and |r| <= ln(2) / 32, after P. T. P. Tang, Table-Driven
// Implementation of the Exponential Function in IEEE Floating-Point Arithmetic (1989). The polynomials of float32 are
// so short that looking up costs what it saves.
#include "codegen/math/functions.h"
#include "codegen/math/number.h"

#include <numbers>

namespace theon::codegen::math {

namespace {

// 2^(k/16), rounded, and what rounding left.
constexpr Table roots{0x1p0,
                      0x1.0b5586cf9890fp0,
                      0x1.172b83c7d517bp0,
                      0x1.2387a6e756238p0,
                      0x1.306fe0a31b715p0,
                      0x1.3dea64c123422p0,
                      0x1.4bfdad5362a27p0,
                      0x1.5ab07dd485429p0,
                      0x1.6a09e667f3bcdp0,
                      0x1.7a11473eb0187p0,
                      0x1.8ace5422aa0dbp0,
                      0x1.9c49182a3f09p0,
                      0x1.ae89f995ad3adp0,
                      0x1.c199bdd85529cp0,
                      0x1.d5818dcfba487p0,
                      0x1.ea4afa2a490dap0};
constexpr Table rests{0,
                      0x1.8a62e4adc610bp-54,
                      -0x1.19041b9d78a76p-55,
                      0x1.9b07eb6c70573p-54,
                      0x1.6f46ad23182e4p-55,
                      0x1.ada0911f09ebcp-55,
                      0x1.d4397afec42e2p-56,
                      0x1.6324c054647adp-54,
                      -0x1.bdd3413b26456p-54,
                      -0x1.41577ee04992fp-55,
                      0x1.6e9f156864b27p-54,
                      0x1.c7c46b071f2bep-56,
                      0x1.7a1cd345dcc81p-54,
                      0x1.11065895048ddp-55,
                      0x1.2ed02d75b3707p-55,
                      -0x1.e9c23179c2893p-54};

// Of (e^r - 1 - r) / r^2, for errors of e^r of 2^-56.2, and of e^r - 1 of 2^-58.9.
constexpr double exp_tail[] = {0x1.0000000000005p-1, 0x1.555555548df09p-3, 0x1.555555545c7c1p-5, 0x1.11123be0cb4aap-7,
                               0x1.6c185fbd0b4fcp-10};
constexpr double expm1_tail[] = {0x1.0000000000003p-1, 0x1.5555555555559p-3,  0x1.55555554abf5ep-5,
                                 0x1.111111108e9eap-7, 0x1.6c1820a1da188p-10, 0x1.a01b8a326e9b3p-13};

// The number nearest to ln 2, and the one nearest to what is left.
constexpr double ln2 = 0x1.62e42fefa39efp-1, ln2_rest = 0x1.abc9e3b39803fp-56;

}  // namespace

Expr tabulated_exp(Expr x) {
  if (x->dtype == DType::float32) return scaled_exp(x);
  // Beyond these it is 0 and infinity.
  const Expr clamped = at_least(at_most(x, 710), -746);
  const Integer n = rounded_to_sixteenth(clamped, std::numbers::log2e);
  const Expr r = fma(n.number, -ln2_rest, fma(n.number, -ln2, clamped));
  const Expr minus_one = fma(r * r, polynomial(r, exp_tail), r);
  const Expr root = lookup(n.pattern, x, roots), rest = lookup(n.pattern, x, rests);
  return scale(root + fma(root, minus_one, rest), n.number);
}

Extended tabulated_half_expm1(Expr x) {
  const Integer n = rounded_to_sixteenth(x, std::numbers::log2e);
  // r = high - low, where high is exact.
  const Expr high = fma(n.number, -ln2, x), low = n.number * ln2_rest, r = high - low;
  const Expr tail = fma(r * r, polynomial(r, expm1_tail), -low);
  const Expr root = scale(lookup(n.pattern, x, roots), n.number - 1);
  const Expr rest = scale(lookup(n.pattern, x, rests), n.number - 1);
  return fast_two_sum(root - 0.5, fma(root, high, fma(root, tail, rest)));
}

Expr tabulated_expm1(Expr x) {
  if (x->dtype == DType::float32) return expand_expm1(x);
  // Below these it is x and -1, above them infinite.
  constexpr double tiny = 0x1p-120, lowest = -38, highest = 710;
  const Expr half = tabulated_half_expm1(at_least(at_most(x, highest), lowest)).high;
  return select(abs(x) < tiny, x, half + half);
}

}  // namespace theon::codegen::math

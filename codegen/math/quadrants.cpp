#include "codegen/math/quadrants.h"

#include "codegen/math/extended.h"
#include "codegen/math/number.h"

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace theon::codegen::math {

namespace {

/// pi/2 in three parts.
struct Near {
  double bound;  // the angle is within a hundredth of what it should be up to here
  double high, middle, low;
};
constexpr Near float32{0x1p16, 0x1.921fb6p0, -0x1.777a5cp-25, -0x1.ee59dap-50};
constexpr Near float64{0x1p30, 0x1.921fb54442d18p0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};

const Near& near(Expr x) { return x->dtype == DType::float32 ? float32 : float64; }

/// The part of a number of turns that matters.
Expr fraction(Expr turns) { return turns - round(turns); }

Expr sum(std::span<const Expr> terms) {
  Expr total = terms[0];
  for (const Expr term : terms.subspan(1)) total = total + term;
  return total;
}

// 1 / 2 pi is the sum of these. Each has 29 bits: its product with a float32 is exact in float64.
constexpr double turns_float32[] = {0x1.45f306cp-3,   0x1.c9c882ap-31,  0x1.4fe13a8p-61, 0x1.f47d4d3p-88,
                                    0x1.dc0db62p-118, 0x1.2b32788p-147, 0x1.c820ffp-177};

Reduced reduced_far_float32(Expr x) {
  const Expr wide = convert(x, DType::float64);
  std::vector<Expr> turns;
  for (const double digit : turns_float32) turns.push_back(fraction(wide * digit));
  const Integer n = rounded_product(sum(turns), 4);
  // Without the quarter turns, the leading terms cancel exactly where little remains.
  turns[0] = fma(n.number, -0.25, turns[0]);
  const Expr exact = sum(turns) * (2 * std::numbers::pi);
  const Expr angle = convert(exact, DType::float32);
  const Expr rest = convert(angle, DType::float64) - exact;
  return {angle, convert(rest + rest, DType::float32), convert(n.pattern, DType::uint32)};
}

// 1 / 2 pi in base 2^53: the sum of digit k times 2^(-53 k).
constexpr std::array turns_float64{
    0x1.45f306dc9c88p-3,  0x1.529fc2757d1f5p-1, 0x1.a6ee06db14accp-3, 0x1.3c439041fe514p-3, 0x1.1d5ef5de2b0dbp-1,
    0x1.246e3a424dd2ep-1, 0x1.924bba82746p-10,  0x1.21cfe1deb1cbp-3,  0x1.29a73ee88235ep-2, 0x1.52ebb4484e99cp-1,
    0x1.c09ad17df904ep-2, 0x1.91d639835339cp-3, 0x1.a4e422fc5defcp-1, 0x1.283b1ff897ffdp-1, 0x1.c0b301fde5e23p-1,
    0x1.6b414da3eda68p-4, 0x1.3f6793e584dbap-1, 0x1.e8c7ecd3cbfd4p-2, 0x1.6ba93dd63f5fp-3,  0x1.7c5ecf41ce7dep-1,
    0x1.4a525d4d7f6bcp-3, 0x1.b11f8d5d0856p-1,  0x1.98237e3db5d5cp-3};

/// x, and the five digits of 1 / 2 pi that matter for it: those before would give whole turns, those after less than
/// 2^-107 turns.
struct Window {
  Expr x;
  std::vector<Expr> digits;
};

Window window(Expr x) {
  Window w{x, {}};
  for (const double digit : turns_float64) w.digits.push_back(number(x, digit));
  for (const std::size_t dropped : {16, 8, 4, 2, 1}) {
    // From here on, x has no bits below 2^(53 dropped): its products with that many digits are whole.
    const double bound = std::ldexp(1, 53 * static_cast<int>(dropped) + 52);
    const Expr is_large = bound <= abs(w.x);
    w.x = select(is_large, w.x * (0x1p52 / bound), w.x);
    // Digits that no later window reaches may stay as they are.
    for (std::size_t k = 0; k + dropped < w.digits.size(); ++k)
      w.digits[k] = select(is_large, w.digits[k + dropped], w.digits[k]);
    if (w.digits.size() > dropped + 4) w.digits.resize(dropped + 4);
  }
  return w;
}

Reduced reduced_far_float64(Expr x) {
  const Window w = window(x);
  const auto product = [&](int k) {
    return two_product(w.x * std::ldexp(1, -53 * k), w.digits[static_cast<std::size_t>(k)]);
  };
  const Extended first = product(0), second = product(1), third = product(2), fourth = product(3), fifth = product(4);
  // From large to small; what follows fraction(second.high) is less than a turn.
  std::vector<Expr> turns = {
      fraction(first.high), fraction(first.low), fraction(second.high), second.low, third.high, third.low, fourth.high};
  const Integer n = rounded_product(sum(std::span(turns).first(5)), 4);
  turns[0] = fma(n.number, -0.25, turns[0]);
  Extended total{turns[0], fourth.low + fifth.high};
  for (const Expr term : std::span(turns).subspan(1)) {
    const Extended next = two_sum(total.high, term);
    total = {next.high, total.low + next.low};
  }
  total = two_sum(total.high, total.low);
  const Extended angle = two_product(total.high, number(x, 2 * std::numbers::pi));
  const Expr rest = fma(total.low, -2 * std::numbers::pi, fma(total.high, -0x1.1a62633145c07p-52, -angle.low));
  return {angle.high, rest + rest, n.pattern};
}

}  // namespace

double near_bound(Expr x) { return near(x).bound; }

Rounded reduce_near(Expr x) {
  const Near& c = near(x);
  const Integer n = rounded_product(x, 2 * std::numbers::inv_pi);
  const Expr exact = fma(n.number, -c.high, x);
  return {fma(n.number, -c.low, fma(n.number, -c.middle, exact)), n.pattern};
}

Reduced reduce_far(Expr x) { return x->dtype == DType::float32 ? reduced_far_float32(x) : reduced_far_float64(x); }

}  // namespace theon::codegen::math

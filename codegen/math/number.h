// Floating-point numbers taken apart: signs, exponents, powers of two, and polynomials, as expressions.
#pragma once

#include "src/ir/element.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace theon::codegen::math {

using ir::Expr;

/// float32 or float64: a sign, an exponent with a bias, a fraction.
struct Format {
  DType bits;  // the unsigned integers of the same size
  int fraction_bits;
  int bias;

  std::uint64_t sign_mask() const { return std::uint64_t{1} << (8 * size_of(bits) - 1); }
  std::uint64_t fraction_mask() const { return (std::uint64_t{1} << fraction_bits) - 1; }
  std::uint64_t exponent_mask() const { return sign_mask() - 1 - fraction_mask(); }
};
const Format& format(Expr x);

/// An unsigned literal of the width of `like`.
Expr pattern(Expr like, std::uint64_t bits);
Expr bits_of(Expr x);
/// The number of `like`'s dtype with these bits.
Expr number_of(Expr bits, Expr like);
Expr number(Expr like, double value);

/// The smaller of x and the bound in one instruction; NaN stays NaN.
Expr at_most(Expr x, double bound);
Expr at_least(Expr x, double bound);

/// The bits of x, all but the sign cleared.
Expr sign_of(Expr x);
/// x with its sign changed where `sign` has the sign bit set.
Expr flip_sign(Expr x, Expr sign);

/// condition ? rule : exception, where the condition holds nearly always. Written as select(condition, rule,
/// select(condition, rule, exception)): an emitter may jump over the select inside where the condition holds in all
/// lanes.
Expr usually(Expr condition, Expr rule, Expr exception);
/// Whether `e` is such a select.
bool has_exception(const ir::Node& e);

/// 16 numbers of x's dtype, one of which an instruction looks up.
using Table = std::array<double, 16>;
/// The number in the table at `index` mod 16, for unsigned integers of the size of the numbers. Written as selects by
/// the four lowest bits of the index.
Expr lookup(Expr index, Expr like, const Table& table);
/// The operands of such a lookup: the numbers as bits.
struct Lookup {
  Expr index;
  std::array<std::uint64_t, 16> table;
};
/// Whether `e` is one.
std::optional<Lookup> looked_up(const ir::Node& e);

/// c0 + c1 x + c2 x^2 + ..., by Horner's rule. Where that is long, what follows c2 is two polynomials in x^2, so that
/// fewer steps wait for each other.
Expr polynomial(Expr x, std::span<const double> coefficients);

/// x / divisor, as a rule in two operations, after N. Brisebarre, J.-M. Muller and S. K. Raina, Accelerating Correctly
/// Rounded Floating-Point Division when the Divisor Is Known in Advance (2004): what is rounded is off the quotient by
/// no more than 2^-51 units.
Expr quotient(Expr x, double divisor);
/// Whether the reciprocal of a divisor and what rounding it costs are both normal numbers.
bool has_reciprocal(Expr like, double divisor);

/// An integer n as a number, and n + offset in the lowest bits of a pattern.
struct Integer {
  Expr number;
  Expr pattern;
};
/// x * factor rounded to an integer of less than fraction_bits - 1 bits, half to even.
Integer rounded_product(Expr x, double factor, int offset = 0);
/// The same rounded to a multiple of 1/16; the pattern has 16 times it.
Integer rounded_to_sixteenth(Expr x, double factor);
/// 2^(n + k), for an Integer of offset bias + k, where that is a normal number.
Expr power_of_two(const Integer& n);
/// x * 2^n, for an Integer of offset 2 * bias: in two steps, so that results overflow and become subnormal as they
/// should.
Expr scaled(Expr x, const Integer& n);

/// floor(x / width), for 0 <= x < 16 width, in the lowest bits of a pattern. Off by less than 2^-8: numbers just below
/// a multiple of the width may count as beyond it.
Expr segment(Expr x, double width);

/// mantissa = x * 2^n in [lowest, 2 lowest), for a normal number x.
struct Parts {
  Expr mantissa;
  Expr shift;  // n in the place of the exponent: added to the bits of y it gives those of y * 2^n
  Expr scale;  // n / scale_unit, a number of x's dtype
  double scale_unit;
};
Parts parts(Expr x, double lowest);

}  // namespace theon::codegen::math

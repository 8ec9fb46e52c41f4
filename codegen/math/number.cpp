#include "codegen/math/number.h"

#include "src/support/check.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

namespace theon::codegen::math {

namespace {

bool is_double(Expr x) { return x->dtype == DType::float64; }

std::uint64_t bits_of_literal(Expr like, double value) {
  return is_double(like) ? std::bit_cast<std::uint64_t>(value)
                         : std::bit_cast<std::uint32_t>(static_cast<float>(value));
}

/// The float64 of a two's complement integer of 12 bits at the top of `shift`: it becomes the lowest bits of 2^52 +
/// 2^11. Few vector units convert 64-bit integers.
Expr number_at_top(Expr shift, Expr like) {
  constexpr double origin = 0x1p52 + 0x1p11;
  return number_of((shift >> 52) ^ pattern(like, std::bit_cast<std::uint64_t>(origin)), like) - origin;
}

/// A polynomial as one of even and one of odd powers.
Expr by_parity(Expr x, std::span<const double> coefficients) {
  std::array<std::vector<double>, 2> parts;
  for (std::size_t k = 0; k < coefficients.size(); ++k) parts[k % 2].push_back(coefficients[k]);
  const Expr square = x * x;
  return fma(polynomial(square, parts[1]), x, polynomial(square, parts[0]));
}

}  // namespace

const Format& format(Expr x) {
  static constexpr Format float32{DType::uint32, 23, 127}, float64{DType::uint64, 52, 1023};
  THEON_CHECK(x->dtype == DType::float32 || is_double(x));
  return is_double(x) ? float64 : float32;
}

Expr pattern(Expr like, std::uint64_t bits) { return like->pool->literal_bits(format(like).bits, bits); }
Expr bits_of(Expr x) { return bitcast(x, format(x).bits); }
Expr number_of(Expr bits, Expr like) { return bitcast(bits, like->dtype); }
Expr number(Expr like, double value) { return like->pool->literal(like->dtype, value); }

// A comparison with NaN is false and leaves x. Written in this order, each is one instruction of x86.
Expr at_most(Expr x, double bound) { return select(bound < x, bound, x); }
Expr at_least(Expr x, double bound) { return select(x < bound, bound, x); }

Expr sign_of(Expr x) { return bits_of(x) & pattern(x, format(x).sign_mask()); }
Expr flip_sign(Expr x, Expr sign) { return number_of(bits_of(x) ^ sign, x); }

Expr usually(Expr condition, Expr rule, Expr exception) {
  return select(condition, rule, select(condition, rule, exception));
}

bool has_exception(const ir::Node& e) {
  if (e.op != ir::Opcode::select || e.args[2]->op != ir::Opcode::select) return false;
  const Expr inner = e.args[2];
  return same(inner->args[0], e.args[0]) && same(inner->args[1], e.args[1]);
}

namespace {

Expr has_bit(Expr index, int bit) { return (index & index->pool->literal(index->dtype, std::int64_t{1} << bit)) != 0; }

/// The integers whose highest of four bits `condition` asks for; null where it is no such question.
Expr asked_by(Expr condition) {
  if (condition->op != ir::Opcode::ne) return {};
  for (const Expr bit : condition->args) {
    if (bit->op != ir::Opcode::bit_and) continue;
    for (const Expr index : bit->args)
      if (same(has_bit(index, 3), condition)) return index;
  }
  return {};
}

using Conditions = std::array<Expr, 4>;

/// Whether `e` looks up in 2^bits numbers from `place` on, which then stand in the table.
bool reads(Expr e, std::size_t bits, const Conditions& has_bit, std::size_t place, Lookup& lookup) {
  const std::size_t size = std::size_t{1} << bits;
  if (e->op == ir::Opcode::literal) {
    std::fill_n(lookup.table.begin() + static_cast<std::ptrdiff_t>(place), size, e->bits);
    return true;
  }
  if (bits == 0 || e->op != ir::Opcode::select) return false;
  const bool is_asked = same(e->args[0], has_bit[bits - 1]);
  return reads(is_asked ? e->args[2] : e, bits - 1, has_bit, place, lookup) &&
         reads(is_asked ? e->args[1] : e, bits - 1, has_bit, place + size / 2, lookup);
}

}  // namespace

Expr lookup(Expr index, Expr like, const Table& table) {
  std::vector<Expr> values;
  for (const double each : table) values.push_back(number(like, each));
  for (int bit = 0; values.size() > 1; ++bit) {
    const Expr is_second = has_bit(index, bit);
    for (std::size_t k = 0; k < values.size() / 2; ++k) values[k] = select(is_second, values[2 * k + 1], values[2 * k]);
    values.resize(values.size() / 2);
  }
  return values.front();
}

std::optional<Lookup> looked_up(const ir::Node& e) {
  if (e.op != ir::Opcode::select || (e.dtype != DType::float32 && e.dtype != DType::float64)) return std::nullopt;
  Lookup lookup{asked_by(e.args[0]), {}};
  if (!lookup.index || size_of(lookup.index->dtype) != size_of(e.dtype)) return std::nullopt;
  Conditions conditions;
  for (std::size_t bit = 0; bit < conditions.size(); ++bit)
    conditions[bit] = has_bit(lookup.index, static_cast<int>(bit));
  return reads(Expr(&e), conditions.size(), conditions, 0, lookup) ? std::optional(lookup) : std::nullopt;
}

Expr segment(Expr x, double width) {
  constexpr int digits = 8;
  return bits_of(fma(x, 1 / width, std::ldexp(1.5, format(x).fraction_bits - digits))) >> digits;
}

Expr polynomial(Expr x, std::span<const double> coefficients) {
  constexpr std::size_t few = 8, leading = 3;
  // The leading terms are most of the sum: they are not to be rounded twice.
  const bool is_long = coefficients.size() > few;
  Expr sum = is_long ? by_parity(x, coefficients.subspan(leading)) : number(x, coefficients.back());
  for (std::size_t k = is_long ? leading : coefficients.size() - 1; k-- > 0;) sum = fma(sum, x, coefficients[k]);
  return sum;
}

bool has_reciprocal(Expr like, double divisor) {
  const double most = is_double(like) ? 0x1p500 : 0x1p50;
  return 1 / most <= std::abs(divisor) && std::abs(divisor) <= most;
}

Expr quotient(Expr x, double divisor) {
  // Rounded towards 0, so that what is left has its sign: infinity times both is one infinity.
  double nearest = 1 / divisor;
  if (!is_double(x)) {
    const double high = std::bit_cast<float>(static_cast<std::uint32_t>(bits_of_literal(x, nearest)));
    nearest = std::abs(high) > std::abs(nearest) ? std::nextafter(static_cast<float>(high), 0.0F) : high;
  } else if (std::fma(std::abs(nearest), std::abs(divisor), -1) > 0) {
    nearest = std::nextafter(nearest, 0.0);
  }
  const double rest = std::fma(-nearest, divisor, 1) / divisor;
  if (rest == 0) return x * nearest;
  // Below this, what is left loses digits.
  const double least = std::abs(divisor) * (is_double(x) ? 0x1p-960 : 0x1p-96);
  return usually((least <= abs(x)) | (x == 0), fma(x, nearest, x * rest), x / divisor);
}

namespace {

Integer rounded_about(double origin, Expr x, double factor) {
  const Expr sum = fma(x, factor, origin);
  return {sum - origin, bits_of(sum)};
}

}  // namespace

Integer rounded_product(Expr x, double factor, int offset) {
  // Between 1.5 * 2^fraction_bits and its neighbours lie only integers: the sum is rounded to one, which stands in its
  // lowest bits.
  return rounded_about(std::ldexp(1.5, format(x).fraction_bits) + offset, x, factor);
}

Integer rounded_to_sixteenth(Expr x, double factor) {
  return rounded_about(std::ldexp(1.5, format(x).fraction_bits - 4), x, factor);
}

Expr power_of_two(const Integer& n) { return number_of(n.pattern << format(n.number).fraction_bits, n.number); }

Expr scaled(Expr x, const Integer& n) {
  const Format& f = format(x);
  // n is split into its half, rounded down, and the rest: each fits into the exponent.
  const Expr half = (n.pattern << (f.fraction_bits - 1)) & pattern(x, f.exponent_mask());
  const Expr rest = (n.pattern << f.fraction_bits) - half;
  return x * number_of(half, x) * number_of(rest, x);
}

Parts parts(Expr x, double lowest) {
  const Format& f = format(x);
  const Expr bits = bits_of(x);
  // Minus the exponent, rounded down, is the other way round the exponent, rounded up.
  const Expr top = pattern(x, bits_of_literal(x, lowest) + f.fraction_mask());
  const Expr shift = (top - bits) & pattern(x, f.sign_mask() | f.exponent_mask());
  const Expr mantissa = number_of(bits + shift, x);
  if (is_double(x)) return {mantissa, shift, number_at_top(shift, x), 1.0};
  return {mantissa, shift, convert(bitcast(shift, DType::int32), DType::float32), 0x1p-23};
}

}  // namespace theon::codegen::math

#include "src/ops/random.h"

#include "src/graph/binding.h"
#include "src/ops/elementwise.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <memory>

namespace theon {

namespace {

using ir::Expr;
using Words = std::array<Expr, 4>;
using Key = std::array<Expr, 2>;

Expr low(Expr word) { return convert(word, DType::uint32); }
Expr high(Expr word) { return convert(word >> 32, DType::uint32); }

/// The 64-bit product of a constant and a 32-bit word.
Expr product(std::int64_t factor, Expr word) { return convert(word, DType::uint64) * factor; }

Words philox_round(const Words& c, const Key& key) {
  const Expr even = product(0xD2511F53, c[0]), odd = product(0xCD9E8D57, c[2]);
  return {high(odd) ^ c[1] ^ key[0], low(odd), high(even) ^ c[3] ^ key[1], low(even)};
}

/// Item `index` of four.
Expr pick(Expr index, const Words& words) {
  return select(index < 2, select(index == 0, words[0], words[1]), select(index == 2, words[2], words[3]));
}

/// How a uniform number is made: the highest bits of a 32-bit word that the dtype holds exactly, as a fraction.
Variable fraction(const Variable& bits, int digits, DType dtype) {
  const Variable top = floor_div(bits, std::int64_t{1} << (32 - digits));
  return cast(top, dtype) * (1.0 / static_cast<double>(std::int64_t{1} << digits));
}

/// 53 bits from two words.
Variable double_fraction(const Variable& pairs) {
  const int last = pairs.ndim() - 1;
  const Variable first = take(pairs, 0, last), second = take(pairs, 1, last);
  const Variable top = cast(floor_div(first, 1 << 5), DType::float64),
                 bottom = cast(floor_div(second, 1 << 6), DType::float64);
  return (top * 67108864.0 + bottom) * (1.0 / 9007199254740992.0);  // 2^26, 2^53
}

/// Significant bits, the implicit one included.
int digits_of(DType dtype, Location where) {
  if (!is_floating(dtype)) fail<DTypeError>(where, "random_uniform: {} is no floating type", name(dtype));
  if (dtype == DType::float16) return 11;
  if (dtype == DType::bfloat16) return 8;
  return dtype == DType::float32 ? 24 : 53;
}

}  // namespace

Words philox4x32(Words counter, Key key) {
  for (int round = 0; round < 10; ++round) {
    counter = philox_round(counter, key);
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

Signature RandomBits::infer(std::span<const Variable> inputs, Location where) const {
  THEON_CHECK(inputs[0].dtype() == DType::uint64);
  if (inputs[0].ndim() != 0)
    fail<ShapeError>(where, "random_bits: the key has shape {}; it is a scalar", to_string(inputs[0].dims()));
  Signature signature{{{DType::uint32, dims_}}};
  require_sizes("random_bits", dims_, signature, where);
  return signature;
}

std::vector<Expr> RandomBits::element(const ElementContext& context, std::span<const Expr> indices) const {
  ir::Pool& pool = context.pool();
  Expr position = pool.literal(std::int64_t{0});
  for (std::size_t axis = 0; axis < dims_.size(); ++axis)
    position = position * pool.parameter(dims_[axis]) + indices[axis];
  const Expr block = convert(floor_div(position, 4), DType::uint64), key = context.load(0, {});
  const Expr zero = pool.literal(DType::uint32, std::int64_t{0});
  return {pick(position % 4, philox4x32({low(block), high(block), zero, zero}, {low(key), high(key)}))};
}

std::vector<Variable> RandomBits::pullback(const Apply& node, std::span<const Variable>) const {
  return for_inputs(node, {});
}
std::vector<Variable> RandomBits::pushforward(const Apply&, std::span<const Variable>) const { return {Variable()}; }

Variable random_bits(Operand key, Shape dims) {
  const Location where = key.where();
  if (!is_integer(key.value().dtype()))
    fail<DTypeError>(where, "random_bits: the key is {}; it is an integer", name(key.value().dtype()));
  std::vector<Variable> inputs = with_binders({cast_to(key.value(), DType::uint64, where)}, dims);
  return apply(std::make_shared<const RandomBits>(std::move(dims)), std::move(inputs), where);
}

Variable random_uniform(Operand key, Shape dims, DType dtype) {
  const Attribution line(key.where());
  const int digits = digits_of(dtype, key.where());
  if (digits <= 32) return fraction(random_bits(key, std::move(dims)), digits, dtype);
  dims.push_back(2);
  return double_fraction(random_bits(key, std::move(dims)));
}

}  // namespace theon

// One loop over n, random expressions of every dtype.
#include "tests/codegen/llvm/trial.h"

#include "src/ir/opcode.h"

#include <fmt/format.h>

namespace theon::test {

using namespace ir;

namespace {

constexpr DType all_dtypes[] = {DType::boolean, DType::int8,    DType::int16,    DType::int32,   DType::int64,  DType::uint8,  DType::uint16,
                                DType::uint32,  DType::uint64,  DType::float16,  DType::bfloat16, DType::float32, DType::float64};

std::int64_t size_n(std::int64_t n, std::int64_t) { return n; }

/// Grows expressions from loads of one buffer of each dtype.
class Grower {
 public:
  Grower(Trial& trial, Random& random, Expr index) : trial_(trial), random_(random), index_(index) {
    for (const DType dtype : all_dtypes) inputs_.push_back(trial.buffer(dtype, Access::read, size_n));
  }

  Expr grow(DType dtype, int depth) {
    if (depth == 0) return leaf(dtype);
    switch (random_() % 6) {
      case 0: return convert(grow(any(), depth - 1), dtype);
      case 1: return select(grow(DType::boolean, depth - 1), grow(dtype, depth - 1), grow(dtype, depth - 1));
      default: return operation(dtype, depth);
    }
  }

 private:
  DType any() { return all_dtypes[random_() % std::size(all_dtypes)]; }

  Expr leaf(DType dtype) {
    if (random_() % 5 == 0) return small_literal(dtype);
    if (dtype == DType::int64 && random_() % 3 == 0) return index_;
    return trial_.load(inputs_[static_cast<std::size_t>(dtype)], index_);
  }

  Expr small_literal(DType dtype) {
    const auto number = static_cast<double>(random_() % 7);
    if (is_boolean(dtype)) return trial_.pool->literal(dtype, number > 3 ? 1.0 : 0.0);
    return trial_.pool->literal(dtype, is_unsigned(dtype) ? number : number - 3);
  }

  Expr operation(DType dtype, int depth) {
    const std::vector<Opcode> candidates = operations_of(dtype);
    const Opcode op = candidates[random_() % candidates.size()];
    const DType operand = info(op).form == Form::comparison ? any() : dtype;
    std::vector<Expr> args;
    for (int k = 0; k < info(op).arity; ++k) args.push_back(grow(operand, depth - 1));
    return trial_.pool->make(op, args, dtype);
  }

  /// Those with a result of the dtype; no product of floating type, since how often a sum of products is rounded is the target's choice.
  static std::vector<Opcode> operations_of(DType dtype) {
    using enum Opcode;
    if (is_boolean(dtype)) return {lt, le, eq, ne, bit_and, bit_or, bit_xor, bit_not, min, max};
    if (is_integer(dtype)) return {add, sub, mul, div, floor_div, mod, min, max, neg, abs, fma, bit_and, bit_or, bit_xor, bit_not, shift_left, shift_right};
    return {add, sub, div, floor_div, mod, min, max, neg, abs, sqrt, floor, ceil, trunc, round, fma};
  }

  Trial& trial_;
  Random& random_;
  Expr index_;
  std::vector<std::int64_t> inputs_;
};

Trial random_trial(std::uint64_t seed) {
  Random random(seed);
  Trial trial(fmt::format("random {}", seed));
  const Local i = trial.new_local();
  const Expr index = trial.local(i);
  Grower grower(trial, random, index);
  Block body;
  for (int k = 0; k < 4; ++k) {
    const DType dtype = all_dtypes[random() % std::size(all_dtypes)];
    const std::int64_t out = trial.buffer(dtype, Access::write, size_n);
    body.push_back({Store{out, index, grower.grow(dtype, 3)}});
  }
  const int lanes = 4 << random() % 3;
  trial.kernel.body = {{For{i, trial.local(0), trial.local(1), lanes, 1 + static_cast<int>(random() % 3), body}}};
  return trial;
}

/// Every dtype from every other.
Trial conversions() {
  Trial trial("conversions");
  const Local i = trial.new_local();
  const Expr index = trial.local(i);
  Block body;
  for (const DType from : all_dtypes) {
    const std::int64_t in = trial.buffer(from, Access::read, size_n);
    for (const DType to : all_dtypes) {
      const std::int64_t out = trial.buffer(to, Access::write, size_n);
      body.push_back({Store{out, index, convert(trial.load(in, index), to)}});
    }
  }
  trial.kernel.body = {{For{i, trial.local(0), trial.local(1), 16, 1, body}}};
  return trial;
}

/// The same bits as another dtype of the same size: every pattern of them, NaNs and infinities included.
Trial bit_patterns() {
  Trial trial("bit patterns");
  const Local i = trial.new_local();
  const Expr index = trial.local(i);
  Block body;
  const Expr spread = index * trial.integer(0x1e3779b97f4a7c15);
  const Expr hash = spread ^ (spread >> 29);
  const auto store = [&](Expr value) {
    const std::int64_t out = trial.buffer(value->dtype, Access::write, size_n);
    body.push_back({Store{out, index, value}});
  };
  for (const auto& [integer, floating] : {std::pair{DType::uint16, DType::float16}, {DType::uint16, DType::bfloat16}, {DType::uint32, DType::float32}, {DType::uint64, DType::float64}}) {
    const Expr value = bitcast(convert(hash, integer), floating);
    for (const DType to : all_dtypes) store(convert(value, to));
    for (const Opcode op : {Opcode::min, Opcode::max}) store(trial.pool->make(op, {value, convert(index - 3, floating)}, floating));
    store(max(value, 0));
    store(bitcast(-value, integer));
  }
  trial.kernel.body = {{For{i, trial.local(0), trial.local(1), 8, 1, body}}};
  return trial;
}

/// Quotients of scalars: they stand at the very beginning of the kernel, before any loop.
Trial outside_of_loops() {
  Trial trial("outside of loops");
  const auto one = [](std::int64_t, std::int64_t) { return 1; };
  const Expr first = trial.integer(0);
  for (const DType dtype : {DType::int8, DType::int32, DType::int64, DType::uint32}) {
    const Expr x = trial.load(trial.buffer(dtype, Access::read, one), first), y = trial.load(trial.buffer(dtype, Access::read, one), first);
    for (const Opcode op : {Opcode::mod, Opcode::floor_div, Opcode::div})
      trial.kernel.body.push_back({Store{trial.buffer(dtype, Access::write, one), first, trial.pool->make(op, {x, y}, dtype)}});
  }
  return trial;
}

}  // namespace

std::vector<Trial> elementwise_trials() {
  std::vector<Trial> trials;
  trials.push_back(outside_of_loops());
  trials.push_back(conversions());
  trials.push_back(bit_patterns());
  for (std::uint64_t seed = 1; seed <= 24; ++seed) trials.push_back(random_trial(seed));
  return trials;
}

}  // namespace theon::test

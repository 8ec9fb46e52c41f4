// Random int64 expressions: simplified or not, they are worth the same.
#include "src/ir/dim_node.h"
#include "src/ir/evaluate.h"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <vector>

using namespace theon;
using namespace theon::ir;

namespace {

/// The values of everything that an expression may mention.
struct Surroundings {
  std::array<std::int64_t, 2> sizes;
  std::array<std::int64_t, 7> indices;
  std::array<std::int64_t, 3> loads;
};

struct Sample {
  Expr expr;
  std::function<std::int64_t(const Surroundings&)>
      value;  // by the semantics of single operations, without simplification
};

std::int64_t applied(Opcode op, std::int64_t a, std::int64_t b) {
  const std::array args{Value::of(a), Value::of(b)};
  const bool is_comparison = op == Opcode::lt || op == Opcode::le || op == Opcode::eq || op == Opcode::ne;
  const Value result = apply(op, is_comparison ? DType::boolean : DType::int64, args);
  return static_cast<std::int64_t>(result.bits);
}

class Samples {
 public:
  explicit Samples(unsigned seed) : random_(seed) {}

  Sample make(int depth) {
    if (depth == 0) return leaf();
    const Sample a = make(depth - 1), b = make(pick(depth));
    const Opcode op = operations[static_cast<std::size_t>(pick(operations.size()))];
    if (op == Opcode::select) return chosen(a, b);
    return {pool.make(op, {a.expr, b.expr}, DType::int64),
            [=](const Surroundings& at) { return applied(op, a.value(at), b.value(at)); }};
  }

  /// Random values; nothing where an index would be over nothing.
  std::optional<Surroundings> surroundings() {
    Surroundings at{};
    for (auto& size : at.sizes) size = pick(6);
    const auto size = [&](SymbolId id) { return at.sizes[symbol_of(n) == id ? 0 : 1]; };
    for (std::size_t axis = 0; axis < extents.size(); ++axis) {
      const std::int64_t extent = theon::evaluate(extents[axis], size);
      if (extent <= 0 && used[axis]) return std::nullopt;
      at.indices[axis] = extent <= 0 ? 0 : pick(static_cast<std::size_t>(extent));
    }
    for (auto& load : at.loads) load = special[static_cast<std::size_t>(pick(special.size()))];
    at.loads[1] = static_cast<std::int32_t>(at.loads[1]);
    at.loads[2] = static_cast<std::uint8_t>(at.loads[2]);
    return at;
  }

  /// Whether the expression is worth the same as the sample, at several random places.
  bool agrees(const Sample& sample) {
    Surroundings at{};
    const auto size = [&](SymbolId id) { return at.sizes[symbol_of(n) == id ? 0 : 1]; };
    const auto load = [&](std::int64_t buffer, std::span<const std::int64_t>) { return loaded(buffer, at); };
    for (int k = 0; k < 12; ++k) {
      const auto next = surroundings();
      if (!next) continue;
      at = *next;
      const Value result = evaluate(sample.expr, {.parameter = size, .load = load}, {.indices = at.indices});
      if (result.as<std::int64_t>() != sample.value(at)) return false;
    }
    return true;
  }

  void restart() { used = {}; }

  Pool pool;

 private:
  static constexpr std::array operations{Opcode::add,       Opcode::add,       Opcode::sub, Opcode::mul,
                                         Opcode::floor_div, Opcode::floor_div, Opcode::mod, Opcode::mod,
                                         Opcode::div,       Opcode::min,       Opcode::max, Opcode::select};
  static constexpr std::array<std::int64_t, 10> special{0,
                                                        1,
                                                        -1,
                                                        5,
                                                        -7,
                                                        127,
                                                        1 << 30,
                                                        std::int64_t{1} << 62,
                                                        std::numeric_limits<std::int64_t>::max(),
                                                        std::numeric_limits<std::int64_t>::min()};

  static Value loaded(std::int64_t buffer, const Surroundings& at) {
    if (buffer == 0) return Value::of(at.loads[0]);
    if (buffer == 1) return Value::of(static_cast<std::int32_t>(at.loads[1]));
    return Value::of(static_cast<std::uint8_t>(at.loads[2]));
  }

  std::int64_t pick(std::size_t end) {
    return std::uniform_int_distribution<std::int64_t>(0, static_cast<std::int64_t>(end) - 1)(random_);
  }

  Sample chosen(const Sample& a, const Sample& b) {
    constexpr std::array comparisons{Opcode::lt, Opcode::le, Opcode::eq, Opcode::ne};
    const Opcode op = comparisons[static_cast<std::size_t>(pick(comparisons.size()))];
    const Expr condition = pool.make(op, {a.expr, b.expr}, DType::boolean);
    return {select(condition, a.expr, b.expr - 1), [=](const Surroundings& at) {
              const std::int64_t x = a.value(at), y = b.value(at);
              return applied(op, x, y) ? x : applied(Opcode::sub, y, 1);
            }};
  }

  Sample leaf() {
    switch (pick(10)) {
      case 0: {
        const auto k = static_cast<std::size_t>(pick(2));
        return {pool.parameter(k == 0 ? n : K), [k](const Surroundings& at) { return at.sizes[k]; }};
      }
      case 1: {
        const auto k = static_cast<std::size_t>(pick(3));
        constexpr std::array dtypes{DType::int64, DType::int32, DType::uint8};
        const Expr load = pool.load(static_cast<std::int64_t>(k), dtypes[k], std::span<const Expr>());
        return {convert(load, DType::int64), [k](const Surroundings& at) { return at.loads[k]; }};
      }
      case 2:
      case 3:
      case 4: {
        const std::int64_t number = pick(13) - 4;
        return {pool.literal(number), [number](const Surroundings&) { return number; }};
      }
      default: {
        const auto axis = static_cast<std::size_t>(pick(extents.size()));
        used[axis] = true;
        return {pool.index(static_cast<int>(axis), extents[axis]),
                [axis](const Surroundings& at) { return at.indices[axis]; }};
      }
    }
  }

  std::mt19937 random_;
  Dim n = dim("n"), K = dim("K");
  std::array<Dim, 7> extents{n, K, 4, 3, n* K, n + 2, floor_div(n - 3, 2) + 1};
  std::array<bool, 7> used{};
};

}  // namespace

TEST_CASE("random index expressions keep their value under simplification") {
  Samples samples(3);
  for (int trial = 0; trial < 10'000; ++trial) {
    samples.restart();
    const Sample sample = samples.make(1 + trial % 4);
    if (!samples.agrees(sample)) FAIL(to_string(sample.expr));
  }
}

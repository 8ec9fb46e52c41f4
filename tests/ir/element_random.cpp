// Random expressions of every dtype: simplified or not, they are worth the same, bit for bit.
#include "src/ir/element.h"
#include "src/ir/evaluate.h"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace theon;
using namespace theon::ir;

namespace {

using Loads = std::array<double, 3>;

struct Sample {
  Expr expr;
  std::function<Value(const Loads&)> value;  // by the semantics of single operations, without simplification
};

/// NaN equals NaN, whatever its bits: which one survives an operation is nobody's promise.
bool agree(Value a, Value b) {
  if (a == b) return true;
  const auto is_nan = [](Value x) {
    return is_floating(x.dtype) && std::isnan(convert(x, DType::float64).as<double>());
  };
  return a.dtype == b.dtype && is_nan(a) && is_nan(b);
}

class Samples {
 public:
  Samples(DType dtype, unsigned seed) : dtype_(dtype), random_(seed) {}

  Sample make(int depth) {
    if (depth == 0) return leaf();
    switch (pick(8)) {
      case 0: return unary(make(depth - 1));
      case 1: return chosen(make(depth - 1), make(pick(depth)));
      case 2: return converted(make(depth - 1));
      default: return binary(make(depth - 1), make(pick(depth)));
    }
  }

  bool agrees(const Sample& sample) {
    Loads loads{};
    const auto load = [&](std::int64_t buffer, std::span<const std::int64_t>) { return loaded(buffer, loads); };
    for (int k = 0; k < 6; ++k) {
      for (double& x : loads) x = special[static_cast<std::size_t>(pick(special.size()))];
      if (!agree(evaluate(sample.expr, {.load = load}), sample.value(loads))) return false;
    }
    return true;
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  static constexpr std::array special{0.0,     -0.0,  1.0,      -1.0,      2.0,
                                      0.5,     -7.25, 100.0,    1e30,      -1e30,
                                      65504.0, 1e-7,  infinity, -infinity, std::numeric_limits<double>::quiet_NaN()};

  int pick(std::size_t end) {
    return static_cast<int>(std::uniform_int_distribution<std::size_t>(0, end - 1)(random_));
  }

  template <std::size_t n>
  Opcode one_of(const std::array<Opcode, n>& ops) {
    return ops[static_cast<std::size_t>(pick(n))];
  }

  Value loaded(std::int64_t buffer, const Loads& loads) const {
    return convert(Value::of(loads[static_cast<std::size_t>(buffer)]), dtype_);
  }

  Sample leaf() {
    if (pick(2) == 0) {
      const int buffer = pick(3);
      return {pool_.load(buffer, dtype_, std::span<const Expr>()),
              [this, buffer](const Loads& loads) { return loaded(buffer, loads); }};
    }
    const Value value = convert(Value::of(special[static_cast<std::size_t>(pick(special.size()))]), dtype_);
    return {pool_.literal_bits(dtype_, value.bits), [value](const Loads&) { return value; }};
  }

  Sample applied(Opcode op, const std::vector<Sample>& samples, DType result) {
    std::vector<Expr> args;
    for (const Sample& sample : samples) args.push_back(sample.expr);
    return {pool_.make(op, args, result), [=](const Loads& loads) {
              std::vector<Value> values;
              for (const Sample& sample : samples) values.push_back(sample.value(loads));
              return theon::ir::apply(op, result, values);
            }};
  }

  Sample unary(const Sample& a) {
    if (is_boolean(dtype_)) return applied(Opcode::bit_not, {a}, dtype_);
    constexpr std::array any{Opcode::neg, Opcode::abs, Opcode::round, Opcode::floor, Opcode::trunc, Opcode::ceil};
    if (is_floating(dtype_)) return applied(pick(4) == 0 ? Opcode::sqrt : one_of(any), {a}, dtype_);
    return applied(pick(3) == 0 ? Opcode::bit_not : one_of(any), {a}, dtype_);
  }

  Sample binary(const Sample& a, const Sample& b) {
    constexpr std::array logic{Opcode::bit_and, Opcode::bit_or, Opcode::bit_xor, Opcode::min, Opcode::max};
    constexpr std::array arithmetic{Opcode::add, Opcode::sub, Opcode::mul,       Opcode::add, Opcode::sub, Opcode::mul,
                                    Opcode::div, Opcode::mod, Opcode::floor_div, Opcode::min, Opcode::max, Opcode::fma};
    constexpr std::array bits{Opcode::bit_and, Opcode::bit_or, Opcode::bit_xor, Opcode::shift_left,
                              Opcode::shift_right};
    if (is_boolean(dtype_)) return applied(one_of(logic), {a, b}, dtype_);
    const Opcode op = is_integer(dtype_) && pick(3) == 0 ? one_of(bits) : one_of(arithmetic);
    return op == Opcode::fma ? applied(op, {a, b, leaf()}, dtype_) : applied(op, {a, b}, dtype_);
  }

  Sample chosen(const Sample& a, const Sample& b) {
    constexpr std::array comparisons{Opcode::lt, Opcode::le, Opcode::eq, Opcode::ne};
    Sample condition = applied(one_of(comparisons), {a, b}, DType::boolean);
    if (pick(2) == 0) condition = applied(Opcode::bit_not, {condition}, DType::boolean);
    return applied(Opcode::select, {condition, pick(3) == 0 ? leaf() : a, b}, dtype_);
  }

  /// To some dtype, perhaps by way of another, and back.
  Sample converted(Sample a) {
    for (int k = pick(2); k >= 0; --k)
      a = applied(Opcode::convert, {a}, dtype_table[static_cast<std::size_t>(pick(dtype_table.size()))].dtype);
    return applied(Opcode::convert, {a}, dtype_);
  }

  DType dtype_;
  std::mt19937 random_;
  Pool pool_;
};

}  // namespace

TEST_CASE("random expressions of every dtype keep their value under simplification") {
  for (const DTypeInfo& row : dtype_table) {
    Samples samples(row.dtype, 11);
    for (int trial = 0; trial < 1500; ++trial) {
      const Sample sample = samples.make(1 + trial % 4);
      if (!samples.agrees(sample)) FAIL(row.name << ": " << to_string(sample.expr));
    }
  }
}

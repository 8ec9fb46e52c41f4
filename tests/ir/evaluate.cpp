#include "src/ir/evaluate.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <stdexcept>
#include <vector>

using namespace theon;
using namespace theon::ir;

namespace {

Expr load(Pool& pool, std::int64_t buffer, std::initializer_list<Expr> indices, DType dtype = DType::float64) {
  return pool.load(buffer, dtype, std::span<const Expr>(indices.begin(), indices.size()));
}

struct Matrix {
  std::vector<double> values;
  std::int64_t columns = 1;
};

/// Matrices and vectors of float64 by buffer, and sizes by symbol. An element that does not exist is a mistake.
struct World {
  std::map<std::int64_t, Matrix> buffers;
  std::map<SymbolId, std::int64_t> sizes;

  void set(const Dim& symbol, std::int64_t value) { sizes[*symbol_of(symbol)] = value; }

  Environment environment() const {
    return {.parameter = [this](SymbolId symbol) { return sizes.at(symbol); },
            .load = [this](std::int64_t buffer,
                           std::span<const std::int64_t> indices) { return element(buffer, indices); }};
  }

  Value element(std::int64_t buffer, std::span<const std::int64_t> indices) const {
    const Matrix& matrix = buffers.at(buffer);
    std::int64_t offset = 0;
    for (const std::int64_t index : indices) {
      if (index < 0) throw std::out_of_range("a negative index");
      offset = offset * matrix.columns + index;
    }
    return Value::of(matrix.values.at(static_cast<std::size_t>(offset)));
  }

  double operator()(Expr expr, std::initializer_list<std::int64_t> indices = {}) const {
    const Point point{.indices = std::span(indices.begin(), indices.size())};
    return evaluate(expr, environment(), point).as<double>();
  }
};

struct Fixture {
  Pool pool;
  Dim n = dim("n"), m = dim("m"), K = dim("K");
  Expr i = pool.index(0, n), j = pool.index(1, m);
  World world;

  const Monoid* monoid(Opcode op) { return pool.monoid(op, DType::float64); }
  Expr x(Expr index) { return load(pool, 0, {index}); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "leaves take their values from the point and the environment") {
  world.set(n, 7);
  world.buffers[0] = {{1.5, 2.5}, 1};
  const Expr a = pool.argument(1, DType::float64), v = pool.local(0, DType::int64);
  const Expr e = x(i) * a + convert(v + pool.parameter(n) + j, DType::float64);
  const std::array<std::int64_t, 2> indices{1, 10};
  const std::array arguments{Value::of(0.0), Value::of(2.0)};
  const std::array locals{Value::of(std::int64_t{100})};
  const Value result = evaluate(e, world.environment(), {.indices = indices, .arguments = arguments, .locals = locals});
  CHECK(result.as<double>() == 2.5 * 2 + 117);
}

TEST_CASE_METHOD(Fixture, "a matrix product is one line") {
  world.set(K, 3);
  world.buffers[0] = {{1, 2, 3, 4, 5, 6}, 3};
  world.buffers[1] = {{1, 2, 3, 4, 5, 6}, 2};
  const Expr product = pool.reduce(monoid(Opcode::add), K, [&](Expr k) {
    return load(pool, 0, {i, k}) * load(pool, 1, {k, j});
  });
  CHECK(world(product, {0, 0}) == 22);
  CHECK(world(product, {0, 1}) == 28);
  CHECK(world(product, {1, 0}) == 49);
  CHECK(world(product, {1, 1}) == 64);
}

TEST_CASE_METHOD(Fixture, "a reduction over nothing is the identity, and loads nothing") {
  world.set(K, 0);
  world.buffers[0] = {{}, 1};
  const Expr first = x(pool.literal(0));
  const auto reduced = [&](Opcode op) {
    return world(pool.reduce(monoid(op), K, [&](Expr k) { return x(k) * first; }));
  };
  CHECK(reduced(Opcode::add) == 0);
  CHECK(reduced(Opcode::mul) == 1);
  CHECK(reduced(Opcode::max) == -std::numeric_limits<double>::infinity());
}

TEST_CASE_METHOD(Fixture, "one evaluator serves many points") {
  world.set(K, 2);
  world.buffers[0] = {{1, 2, 3, 4}, 2};
  const Expr row_sum = pool.reduce(monoid(Opcode::add), K, [&](Expr k) { return load(pool, 0, {i, k}); });
  const std::vector roots{row_sum, row_sum * 2};
  Evaluator evaluator(roots, world.environment());
  for (const std::int64_t row : {0, 1, 0}) {
    const std::array indices{row};
    const std::span<const Value> values = evaluator({.indices = indices});
    CHECK(values[0].as<double>() == (row == 0 ? 3 : 7));
    CHECK(values[1].as<double>() == (row == 0 ? 6 : 14));
  }
}

TEST_CASE_METHOD(Fixture, "the arm that a select leaves out is not loaded") {
  world.set(n, 4);
  world.buffers[0] = {{10, 20}, 1};
  const Expr padded = select(i < 1, 0.5, select(i < 3, exp(x(i - 1)) * 0 + x(i - 1), -0.5));
  CHECK(world(padded, {0}) == 0.5);
  CHECK(world(padded, {1}) == 10);
  CHECK(world(padded, {2}) == 20);
  CHECK(world(padded, {3}) == -0.5);
}

TEST_CASE_METHOD(Fixture, "what both arms and the rest use is loaded once") {
  world.buffers[0] = {{2}, 1};
  int loads = 0;
  const Expr e = exp(x(pool.literal(0)));
  const Expr both = select(e < 1, e + 1, e * 2) + e;
  const Environment counting{.load = [&](std::int64_t buffer, std::span<const std::int64_t> indices) {
    ++loads;
    return world.element(buffer, indices);
  }};
  CHECK(evaluate(both, counting).as<double>() == std::exp(2.0) * 3);
  CHECK(loads == 1);
}

TEST_CASE_METHOD(Fixture, "what a loop does not change is computed before it") {
  world.set(K, 50);
  world.buffers[0] = {std::vector<double>(50, 2.0), 1};
  int loads = 0;
  const Environment counting{.parameter = [](SymbolId) { return 50; },
                             .load =
                                 [&](std::int64_t buffer, std::span<const std::int64_t> indices) {
                                   ++loads;
                                   return world.element(buffer, indices);
                                 }};
  const auto sum = [&](auto&& body) { return pool.reduce(monoid(Opcode::add), K, body); };
  const Expr nested = sum([&](Expr k) { return x(k) / sum([&](Expr l) { return x(l); }); });
  CHECK(evaluate(nested, counting).as<double>() == Approx(1.0));
  CHECK(loads == 100);
}

TEST_CASE_METHOD(Fixture, "softmax comes out right") {
  world.set(n, 4);
  world.buffers[0] = {{1000, 1001, 999, 1001}, 1};
  const Expr most = pool.reduce(monoid(Opcode::max), n, [&](Expr k) { return x(k); });
  const Expr total = pool.reduce(monoid(Opcode::add), n, [&](Expr k) { return exp(x(k) - most); });
  const Expr softmax = exp(x(i) - most) / total;
  const double expected = std::exp(-1.0) + 1 + std::exp(-2.0) + 1;
  CHECK(world(softmax, {0}) == Approx(std::exp(-1.0) / expected));
  CHECK(world(softmax, {3}) == Approx(1 / expected));
}

TEST_CASE_METHOD(Fixture, "argmax is a pair, the first wins") {
  world.set(n, 5);
  world.buffers[0] = {{3, 7, -1, 7, 2}, 1};
  const Expr a = pool.argument(0, DType::float64), b = pool.argument(2, DType::float64);
  const Expr a_index = pool.argument(1, DType::int64), b_index = pool.argument(3, DType::int64);
  const Expr later = (a < b) | ((a == b) & (b_index < a_index));
  const Monoid* argmax =
      pool.monoid({"argmax",
                   {pool.literal(DType::float64, -std::numeric_limits<double>::infinity()), pool.literal(99)},
                   {select(later, b, a), select(later, b_index, a_index)}});
  const auto both = pool.reduce(argmax, pool.parameter(n), n, [&](Expr k) { return std::vector{x(k), k}; });
  CHECK(world(both[0]) == 7);
  CHECK(evaluate(both[1], world.environment()).as<std::int64_t>() == 1);
  CHECK(world(both[0] + convert(both[1], DType::float64)) == 8);
}

TEST_CASE_METHOD(Fixture, "components may change places") {
  world.set(n, 3);
  // Combining with anything swaps the state, so the order of assignment shows.
  const Expr a = pool.argument(0, DType::int64), b = pool.argument(1, DType::int64);
  const Monoid* swap = pool.monoid({"swap", {pool.literal(1), pool.literal(2)}, {b, a}});
  const auto both = pool.reduce(swap, pool.parameter(n), n, [&](Expr k) { return std::vector{k, k}; });
  CHECK(evaluate(both[0], world.environment()).as<std::int64_t>() == 2);
  CHECK(evaluate(both[1], world.environment()).as<std::int64_t>() == 1);
}

TEST_CASE_METHOD(Fixture, "mean and variance in one pass agree with two passes") {
  world.set(n, 6);
  world.buffers[0] = {{2, 4, 4, 5, 7, 14}, 1};
  const auto argument = [&](int k) { return pool.argument(k, DType::float64); };
  // Chan, Golub and LeVeque 1979.
  const Expr count = argument(0) + argument(3), delta = argument(4) - argument(1);
  const Expr zero = pool.literal(DType::float64, 0.0);
  const Monoid* moments =
      pool.monoid({"moments",
                   {zero, zero, zero},
                   {count, argument(1) + delta * argument(3) / count,
                    argument(2) + argument(5) + delta * delta * argument(0) * argument(3) / count}});
  const Expr one = pool.literal(DType::float64, 1.0);
  const auto parts = pool.reduce(moments, pool.parameter(n), n, [&](Expr k) { return std::vector{one, x(k), zero}; });
  CHECK(world(parts[1]) == Approx(6));
  CHECK(world(parts[2] / parts[0]) == Approx(90.0 / 6));
}

TEST_CASE_METHOD(Fixture, "an extent that mentions an outer index makes running sums") {
  world.set(n, 4);
  world.buffers[0] = {{1, 2, 3, 4}, 1};
  const auto running = [&](Expr end) {
    return pool.reduce(monoid(Opcode::add), end + 1, n, [&](Expr k) { return std::vector{x(k)}; }).front();
  };
  CHECK(world(running(i), {2}) == 6);
  CHECK(world(pool.reduce(monoid(Opcode::max), n, running)) == 10);
  CHECK(world(pool.reduce(monoid(Opcode::add), n, running)) == 1 + 3 + 6 + 10);
}

TEST_CASE_METHOD(Fixture, "two reductions of one level that share their body keep apart") {
  world.set(n, 3);
  world.set(m, 2);
  world.buffers[0] = {{1, 2, 3}, 1};
  const auto body = [&](Expr k) { return exp(x(k)); };
  const Expr sum = pool.reduce(monoid(Opcode::add), n, body), product = pool.reduce(monoid(Opcode::mul), n, body);
  CHECK(world(sum / product) == Approx((std::exp(1.0) + std::exp(2.0) + std::exp(3.0)) / std::exp(6.0)));
  const Expr crossed = pool.reduce(monoid(Opcode::add), m, [&](Expr l) { return exp(x(l)) * sum; });
  CHECK(world(crossed) == Approx((std::exp(1.0) + std::exp(2.0)) * (std::exp(1.0) + std::exp(2.0) + std::exp(3.0))));
}

TEST_CASE_METHOD(Fixture, "a sum goes from the first to the last") {
  world.set(n, 3);
  world.buffers[0] = {{1e16, 1, -1e16}, 1};
  CHECK(world(pool.reduce(monoid(Opcode::add), n, [&](Expr k) { return x(k); })) == 0);
}

TEST_CASE_METHOD(Fixture, "a failing load leaves the evaluator usable") {
  world.buffers[0] = {{1, 2}, 1};
  const Expr e = x(i) + 1;
  Evaluator evaluator(std::span(&e, 1), world.environment());
  const std::array<std::int64_t, 1> outside{2}, inside{1};
  CHECK_THROWS_AS(evaluator({.indices = outside}), std::out_of_range);
  CHECK(evaluator({.indices = inside})[0].as<double>() == 3);
}

// Loops over a few numbers, which run in registers, against the reference evaluator and plain arithmetic.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace theon;

namespace {

class Isa {
 public:
  explicit Isa(const char* name) { setenv("THEON_ISA", name, 1); }
  ~Isa() { unsetenv("THEON_ISA"); }
};

/// Small integers: sums of their products are exact in any order.
Tensor integers(const Sizes& sizes, std::uint64_t seed) { return Tensor::uniform(DType::int32, sizes, seed, -3, 4).astype(DType::float64); }

struct Held {
  Variable variable;
  Tensor value;
};

Held held(const char* name, const Sizes& sizes, std::uint64_t seed) { return {input<double>(name, Shape(sizes.begin(), sizes.end())), integers(sizes, seed)}; }

void expect_exact(const std::vector<Held>& all, const std::vector<Variable>& outputs) {
  std::vector<In> inputs;
  std::vector<Tensor> values;
  reference::Arguments arguments;
  for (const Held& each : all) {
    inputs.push_back(each.variable);
    values.push_back(each.value);
    arguments.emplace_back(each.variable, each.value);
  }
  const std::vector<Tensor> wanted = reference::evaluate(outputs, arguments);
  for (const char* isa : {"avx512", "avx2", "sse2"}) {
    const Isa masked(isa);
    const Results got = function(inputs, outputs).call(values);
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      INFO(isa << ", output " << k);
      CHECK(got[k].to_vector<double>() == wanted[k].astype(DType::float64).to_vector<double>());
    }
  }
}

}  // namespace

TEST_CASE("matrices up to 8 by 8 in a loop") {
  for (const std::int64_t n : {1, 2, 3, 4, 5, 7, 8})
    for (const std::int64_t steps : {0, 1, 3}) {
      INFO(n << " by " << n << ", " << steps << " steps");
      const Held a = held("a", {n, n}, 1), x = held("x", {n}, 2), z = held("z", {steps, n}, 3);
      const ScanResult result = scan({.over = {z.variable}, .from = {x.variable, a.variable}}, [](Variable z_t, Variable v, Variable m) {
        const Variable next = dot(m, v) + z_t;
        return Step{.next = {clip(next, -50, 50), m.T() - expand_dims(m[0], 1)}, .emit = {next, sum(m), m}};
      });
      expect_exact({a, x, z}, {result.states[0], result.states[1], result.outputs[0], result.outputs[1], result.outputs[2]});
    }
}

TEST_CASE("what is the same for a row of a matrix") {
  for (const std::int64_t n : {2, 4, 8})
    for (const std::int64_t rows : {3, 4}) {
      INFO(rows << " by " << n);
      const Held a = held("a", {rows, n}, 1), x = held("x", {rows}, 2), y = held("y", {n}, 3);
      const ScanResult result = scan({.from = {x.variable, a.variable}, .n_steps = 3}, [&](Variable v, Variable m) {
        const Variable factor = (2 * v + 1) * m[0][1];
        const Variable next = m - expand_dims(factor, 1) * m[1] + expand_dims(abs(v - 1), 1) * y.variable;
        return Step{.next = {clip(v - factor, -9, 9), clip(next, -9, 9)}, .emit = {sum(next, 1), max(m, 0)}};
      });
      expect_exact({a, x, y}, {result.states[0], result.states[1], result.outputs[0], result.outputs[1]});
    }
}

TEST_CASE("states change places") {
  const Held x = held("x", {3}, 1), y = held("y", {3}, 2), s = held("s", {}, 3);
  const auto turned = scan({.from = {x.variable, y.variable, s.variable}, .n_steps = 5},
                           [](Variable a, Variable b, Variable c) { return Step{.next = {b, a, c + a[0]}, .emit = {b}}; });
  expect_exact({x, y, s}, {turned.states[0], turned.states[1], turned.states[2], turned.outputs[0]});
}

TEST_CASE("extremes, running sums, and elements that data choose") {
  const Held x = held("x", {5}, 4), table = held("table", {7}, 5);
  const auto chosen = scan({.from = {x.variable}, .n_steps = 4}, [&](Variable v) {
    const Variable at = argmax(v, 0);
    const Variable next = v + max(v, 0) - index(table.variable, {abs(at)});
    return Step{.next = {minimum(next, 9)}, .emit = {at * 1.0, prod(v, 0)}};
  });
  expect_exact({x, table}, {chosen.states[0], chosen.outputs[0], chosen.outputs[1]});
  const auto picked = scan({.from = {x.variable}, .n_steps = 4}, [](Variable v) { return minimum(cumsum(v, 0) - v[argmax(v, 0)], 9); });
  expect_exact({x}, {picked.states[0]});
}

TEST_CASE("powers of a matrix are Fibonacci's numbers") {
  const Variable m = input<std::int64_t>("m", {2, 2});
  const Variable power = scan({.from = {m}, .n_steps = 60}, [&](Variable p) { return dot(p, m); }).states[0];
  CHECK(function({m}, {power})(Tensor::of<std::int64_t>({1, 1, 1, 0}, {2, 2}))[0].to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{4052739537881, 2504730781961, 2504730781961, 1548008755920});
}

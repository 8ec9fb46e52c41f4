// Graphs that a compiler could take for ever for: its work must grow with the graph, and no faster.
#include <theon/theon.h>

#include "tests/runtime/allocations.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

using namespace theon;

namespace {

Function compiled(std::vector<In> inputs, const Variable& y) { return function(std::move(inputs), {y}, {.cache = false}); }

/// The work of compiling what `graph` makes of a size: what all of it, LLVM included, asks for memory. That is the same
/// on any machine.
Allocations work(const std::function<void(int)>& graph, int size) {
  graph(size);  // whatever is made once in a process
  const Allocations before = allocations();
  graph(size);
  const Allocations after = allocations();
  return {after.count - before.count, after.bytes - before.bytes};
}

/// Four times the size is four times the work, and a little for tables that grow by doubling: these show in the bytes.
/// A quadratic share would be sixteen times as much.
void check_linear(const std::function<void(int)>& graph, int size) {
  const Allocations small = work(graph, size), large = work(graph, 4 * size);
  INFO("size " << size << ": " << small.count << " allocations, " << small.bytes << " bytes");
  INFO("size " << 4 * size << ": " << large.count << " allocations, " << large.bytes << " bytes");
  CHECK(10 * large.count <= 48 * small.count);
  CHECK(large.bytes <= 6 * small.bytes);
}

Variable doubled(Variable x, int times) {
  for (int k = 0; k < times; ++k) x = x + x;
  return x;
}

/// Cheap operations one after the other, none of which a rule can join with the one before.
Variable chain(Variable y, const Variable& x, int length) {
  for (int k = 0; k < length; ++k) y = k % 3 == 0 ? abs(y - x) : k % 3 == 1 ? maximum(y * x, 0.5 * y) : y + x;
  return y;
}

/// Its value for scalars, by C++.
double chain_of(double y, double x, int length) {
  for (int k = 0; k < length; ++k) y = k % 3 == 0 ? std::abs(y - x) : k % 3 == 1 ? std::max(y * x, 0.5 * y) : y + x;
  return y;
}

std::vector<Variable> vectors(int count) {
  const Dim n = dim("n");
  std::vector<Variable> inputs;
  for (int k = 0; k < count; ++k) inputs.push_back(input<double>("x" + std::to_string(k), {n}));
  return inputs;
}

std::vector<In> as_inputs(const std::vector<Variable>& variables) { return {variables.begin(), variables.end()}; }

/// Reshapes and transposes in turns: no two next to each other cancel.
Variable ladder(Variable x, int steps) {
  for (int k = 0; k < steps; ++k) x = k % 2 == 0 ? reshape(x, {3, 4}) : transpose(reshape(x, {6, 2}));
  return x;
}

Variable nested(const Variable& x, int depth) {
  Variable y = x;
  for (int k = 0; k < depth; ++k) y = where(x > 0.01 * k, y * 1.5, y - x);
  return y;
}

double nested_of(double x, int depth) {
  double y = x;
  for (int k = 0; k < depth; ++k) y = x > 0.01 * k ? y * 1.5 : y - x;
  return y;
}

}  // namespace

TEST_CASE("doubling sixty times is sixty additions, not 2^60") {
  const Variable x = scalar<double>("x");
  CHECK(compiled({x}, doubled(x, 60))(1.0).item<double>() == std::ldexp(1.0, 60));
  check_linear([&](int times) { compiled({x}, doubled(x, times)); }, 60);
}

TEST_CASE("a chain of ten thousand cheap operations") {
  const Variable x = scalar<double>("x");
  const double found = compiled({x}, chain(x, x, 10'000))(0.75).item<double>();
  CHECK(found == Approx(chain_of(0.75, 0.75, 10'000)));
  check_linear([&](int length) { compiled({x}, chain(x, x, length)); }, 400);
}

TEST_CASE("a sum of two thousand terms") {
  const Variable x = vector<double>("x");
  const auto sum_of = [&](int count) {
    std::vector<Variable> terms;
    for (int k = 1; k <= count; ++k) terms.push_back(x * (1.0 / k) + abs(x - k));
    return add_n(terms);
  };
  double wanted = 0;
  for (int k = 1; k <= 2'000; ++k) wanted += 3.0 / k + std::abs(3.0 - k);
  CHECK(compiled({x}, sum_of(2'000))(Tensor::full<double>({3}, 3)).operator Tensor().to_vector<double>()[2] ==
        Approx(wanted));
  check_linear([&](int count) { compiled({x}, sum_of(count)); }, 250);
}

TEST_CASE("a sum of two thousand inputs") {
  const std::vector<Variable> inputs = vectors(2'000);
  const Function f = compiled(as_inputs(inputs), add_n(inputs));
  std::vector<Tensor> values;
  for (int k = 0; k < 2'000; ++k) values.push_back(Tensor::full<double>({2}, k));
  CHECK(f.call(values)[0].to_vector<double>() == std::vector<double>(2, 1999.0 * 1000));
  check_linear(
      [&](int count) {
        const std::vector<Variable> some(inputs.begin(), inputs.begin() + count);
        compiled(as_inputs(some), add_n(some));
      },
      250);
}

TEST_CASE("a ladder of two hundred reshapes and transposes") {
  const Variable x = input<double>("x", {12});
  const Tensor numbers = Tensor::arange<double>(12);
  Tensor wanted = numbers;
  for (int k = 0; k < 200; ++k)
    wanted = k % 2 == 0 ? wanted.copy().reshape({3, 4}) : wanted.copy().reshape({6, 2}).transpose().copy();
  CHECK(identical(compiled({x}, ladder(x, 200))(numbers), wanted));
  check_linear([&](int steps) { compiled({x}, ladder(x, steps)); }, 30);
}

TEST_CASE("selects inside of selects") {
  const Variable x = scalar<double>("x");
  CHECK(compiled({x}, nested(x, 1'000))(0.05).item<double>() == Approx(nested_of(0.05, 1'000)));
  check_linear([&](int depth) { compiled({x}, nested(x, depth)); }, 250);
}

// Derivatives of graphs that are as deep as a program can make them, on a small stack, and their values.
#include <theon/gradient.h>

#include "src/graph/traversal.h"
#include "src/reference/evaluate.h"
#include "tests/small_stack.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace theon;
using reference::evaluate;

namespace {

constexpr int deep = 100'000;

/// x * factor * factor * ...
Variable scaled(const Variable& x, const Variable& factor) {
  Variable y = x;
  for (int i = 0; i < deep; ++i) y = y * factor;
  return y;
}

}  // namespace

TEST_CASE("a deep chain is evaluated on a small stack") {
  on_small_stack([] {
    const Variable x = scalar<double>("x"), factor = scalar<double>("factor");
    const double value = evaluate(scaled(x, factor), {{x, Tensor(3.0)}, {factor, Tensor(1.0 + 1e-6)}}).item<double>();
    CHECK(value == Approx(3 * std::pow(1 + 1e-6, deep)).epsilon(1e-9));
  });
}

TEST_CASE("a deep chain is differentiated in reverse on a small stack") {
  on_small_stack([] {
    const Variable x = scalar<double>("x"), factor = scalar<double>("factor");
    const Variable slope = grad(scaled(x, factor), factor);
    const double value = evaluate(slope, {{x, Tensor(3.0)}, {factor, Tensor(1.0 + 1e-6)}}).item<double>();
    CHECK(value == Approx(3 * deep * std::pow(1 + 1e-6, deep - 1)).epsilon(1e-9));
  });
}

TEST_CASE("a deep chain is differentiated forwards on a small stack") {
  on_small_stack([] {
    const Variable x = scalar<double>("x"), factor = scalar<double>("factor");
    const Variable slope = jvp(scaled(x, factor), factor, constant(Tensor(2.0)));
    const double value = evaluate(slope, {{x, Tensor(3.0)}, {factor, Tensor(1.0 + 1e-6)}}).item<double>();
    CHECK(value == Approx(6 * deep * std::pow(1 + 1e-6, deep - 1)).epsilon(1e-9));
  });
}

TEST_CASE("the gradient of what is reached on very many paths has a node per step") {
  const Variable x = scalar<double>("x");
  Variable y = x;
  for (int i = 0; i < 100; ++i) y = y + y;
  const Variable slope = grad(y, x);
  CHECK(toposort(std::vector{slope}).size() < 1000);
  CHECK(evaluate(slope, {{x, Tensor(1.0)}}).item<double>() == std::ldexp(1.0, 100));
}

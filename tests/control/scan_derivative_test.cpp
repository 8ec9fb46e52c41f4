// Derivatives of loops against differences, unrolled loops and closed forms.
#include <theon/control.h>
#include <theon/gradient.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

using namespace theon;
using reference::evaluate;

namespace {

Tensor numbers(std::initializer_list<double> values) { return Tensor::of<double>(values, {static_cast<std::int64_t>(values.size())}); }

/// A step with everything a step can have: two states, two sequences, captured weights, two emitted values.
Variable cost_of_network(const Variables& v) {
  const auto [states, outputs] = scan({.over = {v[0], v[1]}, .from = {v[2], v[3]}}, [&](Variable x, Variable gate, Variable h, Variable c) {
    const Variable next_c = sigmoid(gate) * c + tanh(dot(x, v[4]));
    const Variable next_h = tanh(next_c) * h + 0.1 * x.dim(0).known().value_or(2);
    return Step{.next = {next_h, next_c}, .emit = {next_h * c, sum(next_c)}};
  });
  return sum(states[0] * states[0]) + sum(states[1]) + sum(sqr(outputs[0])) + sum(outputs[1]);
}

std::vector<Tensor> point_of_network() {
  return {Tensor::randn<double>({3, 2}, 1), Tensor::randn<double>({3}, 2), Tensor::randn<double>({4}, 3), Tensor::randn<double>({4}, 4),
          Tensor::randn<double>({2, 4}, 5)};
}

Variable unrolled_power(const Variable& x, int steps) {
  Variable y = ones_like(x);
  for (int i = 0; i < steps; ++i) y = y * x;
  return y;
}

Variable looped_power(const Variable& x, Bound steps) {
  return scan({.from = {ones_like(x)}, .n_steps = steps}, [&](Variable y) { return y * x; }).states[0];
}

}  // namespace

TEST_CASE("the gradient of a loop is its slope, with respect to sequences, states and weights") {
  CHECK_NOTHROW(verify_grad(std::function<Variable(Variables)>(cost_of_network), point_of_network()));
}

TEST_CASE("forward and reverse mode of a loop agree") {
  const std::vector<Tensor> point = point_of_network();
  Variables inputs;
  reference::Arguments given;
  for (const Tensor& value : point) {
    inputs.push_back(input(DType::float64, "v", Shape(value.sizes().begin(), value.sizes().end())));
    given.emplace_back(inputs.back(), value);
  }
  const Variable cost = cost_of_network(inputs);
  for (const Variable& x : inputs) {
    const Variable v = constant(Tensor::randn<double>(evaluate(x, given).sizes(), 9));
    const double forward = evaluate(jvp(cost, x, v), given).item<double>();
    const double reverse = evaluate(sum(grad(cost, x) * v), given).item<double>();
    CHECK(forward == Approx(reverse).epsilon(1e-12));
  }
}

TEST_CASE("a loop and its unrolled twin have the same derivatives of every order") {
  const Variable x = vector<double>("x");
  const Tensor at = numbers({0.5, -2, 3});
  Variable looped = sum(looped_power(x, 5)), unrolled = sum(unrolled_power(x, 5));
  for (int order = 0; order < 3; ++order) {
    looped = sum(grad(looped, x));
    unrolled = sum(grad(unrolled, x));
    CHECK(evaluate(looped, {{x, at}}).item<double>() == Approx(evaluate(unrolled, {{x, at}}).item<double>()));
  }
}

TEST_CASE("the gradient of a loop without steps is that of its initial states") {
  const Variable x = vector<double>("x"), n = scalar<std::int64_t>("n");
  const Variable y = scan({.from = {x}, .n_steps = n}, [](Variable s) { return s * s; }).states[0];
  const Variable slope = grad(sum(y), x);
  CHECK(evaluate(slope, {{x, numbers({2, 3})}, {n, Tensor(std::int64_t{0})}}).to_vector<double>() == std::vector<double>{1, 1});
  CHECK(evaluate(slope, {{x, numbers({2, 3})}, {n, Tensor(std::int64_t{2})}}).to_vector<double>() == std::vector<double>{32, 108});
}

TEST_CASE("a slice that no step uses has a gradient of zero or none") {
  const Variable x = vector<double>("x"), y = vector<double>("y");
  const Variable total = scan({.over = {x, y}, .from = {constant(Tensor(0.0))}}, [](Variable x_t, Variable, Variable s) { return s + x_t; }).states[0];
  const auto slopes = grad(total, {x, y}, {.disconnected = Disconnected::zero});
  const auto results = evaluate(slopes, {{x, numbers({1, 2})}, {y, numbers({1, 2})}});
  CHECK(results[0].to_vector<double>() == std::vector<double>{1, 1});
  CHECK(results[1].to_vector<double>() == std::vector<double>{0, 0});
}

TEST_CASE("a state that is an integer carries no cotangent") {
  const Variable x = vector<double>("x");
  const auto result = scan({.over = {x}, .from = {constant(Tensor(std::int64_t{0})), constant(Tensor(0.0))}}, [](Variable x_t, Variable t, Variable s) {
    return Variables{t + 1, s + x_t * cast<double>(t)};
  });
  CHECK(evaluate(grad(result.states[1], x), {{x, numbers({5, 6, 7})}}).to_vector<double>() == std::vector<double>{0, 1, 2});
}

TEST_CASE("a cotangent reaches a state only through another one") {
  // a -> b -> cost: the first pull sees that b needs a.
  const Variable x = scalar<double>("x");
  const auto result = scan({.from = {x, constant(Tensor(0.0))}, .n_steps = 3}, [](Variable a, Variable b) { return Variables{a * 2, b + a}; });
  CHECK(evaluate(grad(result.states[1], x), {{x, Tensor(1.0)}}).item<double>() == 7);
}

TEST_CASE("the gradient of a loop in a loop") {
  const auto nested = [](Variable x) {
    return sum(scan({.over = {x}}, [](Variable row) {
      const Variable total = scan({.over = {row}, .from = {constant(Tensor(1.0))}}, [&](Variable v, Variable s) { return tanh(s * v + sum(row)); }).states[0];
      return Step{.emit = {total}};
    }).outputs[0]);
  };
  CHECK_NOTHROW(verify_grad(nested, {Tensor::randn<double>({2, 3}, 6)}));
}

TEST_CASE("a gradient taken inside of a step") {
  // Newton's method for x^2 = 2: the derivative is built by the step.
  const Variable start = scalar<double>("start");
  const Variable root = scan({.from = {start}, .n_steps = 6}, [](Variable x) {
    const Variable f = x * x - 2.0;
    return x - f / grad(f, x);
  }).states[0];
  CHECK(evaluate(root, {{start, Tensor(1.0)}}).item<double>() == Approx(std::sqrt(2.0)));
}

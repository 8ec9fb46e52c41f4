// Loops against loops: values, sizes, errors.
#include <theon/control.h>

#include "src/control/scan.h"
#include "src/graph/traversal.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace theon;
using Catch::Contains;
using reference::evaluate;

namespace {

Tensor numbers(std::initializer_list<double> values) { return Tensor::of<double>(values, {static_cast<std::int64_t>(values.size())}); }

}  // namespace

TEST_CASE("a scan over an array carries its state from slice to slice") {
  const Variable x = vector<double>("x"), start = scalar<double>("start");
  const auto [states, outputs] = scan({.over = {x}, .from = {start}}, [](Variable x_t, Variable total) {
    const Variable next = total * 2 + x_t;
    return Step{.next = {next}, .emit = {next, x_t * x_t}};
  });
  const auto results = evaluate(std::vector{states[0], outputs[0], outputs[1]}, {{x, numbers({1, 2, 3})}, {start, Tensor(1.0)}});
  CHECK(results[0].item<double>() == 19);
  CHECK(results[1].to_vector<double>() == std::vector<double>{3, 8, 19});
  CHECK(results[2].to_vector<double>() == std::vector<double>{1, 4, 9});
}

TEST_CASE("a recurrent network is the loop it says") {
  const Variable X = tensor3<double>("X"), h0 = matrix<double>("h0"), W = matrix<double>("W"), U = matrix<double>("U");
  const auto [states, outputs] = scan({.over = {X}, .from = {h0}}, [&](Variable x_t, Variable h) {
    const Variable next = tanh(dot(x_t, W) + dot(h, U));
    return Step{.next = {next}, .emit = {next}};
  });
  const Tensor x = Tensor::randn<double>({4, 2, 3}, 1), h = Tensor::randn<double>({2, 5}, 2), w = Tensor::randn<double>({3, 5}, 3), u = Tensor::randn<double>({5, 5}, 4);
  const auto results = evaluate(std::vector{states[0], outputs[0]}, {{X, x}, {h0, h}, {W, w}, {U, u}});
  std::vector<double> state = h.to_vector<double>();
  for (std::int64_t t = 0; t < 4; ++t) {
    std::vector<double> next;
    for (std::int64_t i = 0; i < 2; ++i)
      for (std::int64_t j = 0; j < 5; ++j) {
        double total = 0;
        for (std::int64_t k = 0; k < 3; ++k) total += x.at<double>({t, i, k}) * w.at<double>({k, j});
        for (std::int64_t k = 0; k < 5; ++k) total += state[5 * i + k] * u.at<double>({k, j});
        next.push_back(std::tanh(total));
      }
    state = next;
    for (std::size_t e = 0; e < state.size(); ++e) CHECK(results[1][t].to_vector<double>()[e] == Approx(state[e]));
  }
  for (std::size_t e = 0; e < state.size(); ++e) CHECK(results[0].to_vector<double>()[e] == Approx(state[e]));
}

TEST_CASE("a number of steps is enough, and may be a variable") {
  const Variable x = vector<double>("x"), n = scalar<std::int32_t>("n");
  const auto power = [&](Bound steps) {
    return scan({.from = {ones_like(x)}, .n_steps = steps}, [&](Variable y) { return y * x; }).states[0];
  };
  CHECK(evaluate(power(3), {{x, numbers({2, 3})}}).to_vector<double>() == std::vector<double>{8, 27});
  for (const std::int32_t steps : {0, 1, 4}) {
    const double expected = std::pow(2.0, steps);
    CHECK(evaluate(power(n), {{x, numbers({2})}, {n, Tensor(steps)}}).item<double>() == expected);
  }
  CHECK_THROWS_WITH(evaluate(power(n), {{x, numbers({2})}, {n, Tensor(std::int32_t{-1})}}), Contains("must not be negative"));
}

TEST_CASE("no steps leave the initial states and emit nothing") {
  const Variable x = matrix<double>("x"), start = vector<double>("start");
  const auto [states, outputs] = scan({.over = {x}, .from = {start}}, [](Variable x_t, Variable s) {
    return Step{.next = {s + x_t}, .emit = {s}};
  });
  const auto results = evaluate(std::vector{states[0], outputs[0]}, {{x, Tensor::zeros<double>({0, 2})}, {start, numbers({5, 6})}});
  CHECK(results[0].to_vector<double>() == std::vector<double>{5, 6});
  CHECK(results[1].sizes() == Sizes{0, 2});
}

TEST_CASE("n_steps takes the first slices, and too few are an error") {
  const Variable x = vector<double>("x");
  const auto total = [&](const Variable& over, Bound steps) {
    return scan({.over = {over}, .from = {constant(Tensor(0.0))}, .n_steps = steps}, [](Variable x_t, Variable s) { return s + x_t; }).states[0];
  };
  CHECK(evaluate(total(x, 2), {{x, numbers({1, 2, 3})}}).item<double>() == 3);
  CHECK_THROWS_AS(evaluate(total(x, 4), {{x, numbers({1, 2, 3})}}), Error);
  CHECK_THROWS_AS(total(input<double>("y", {3}), 4), IndexError);
}

TEST_CASE("arrays of different lengths are an error") {
  const auto add = [](Variable a, Variable b) { return Step{.emit = {a + b}}; };
  CHECK_THROWS_WITH(scan({.over = {input<double>("x", {3}), input<double>("y", {4})}}, add), Contains("scan_test.cpp") && Contains("a loop of 3 steps over an array of [4]"));
  const Variable x = vector<double>("x"), y = vector<double>("y");
  const Variable both = scan({.over = {x, y}}, add).outputs[0];
  CHECK(evaluate(both, {{x, numbers({1, 2})}, {y, numbers({3, 4})}}).to_vector<double>() == std::vector<double>{4, 6});
  CHECK_THROWS_AS(evaluate(both, {{x, numbers({1, 2})}, {y, numbers({3})}}), ShapeError);
}

TEST_CASE("a state keeps its type, and the error shows both") {
  const Variable s = vector<float>("s");
  CHECK_THROWS_WITH(scan({.from = {s}, .n_steps = 2}, [](Variable v) { return cast<double>(v); }), Contains("the state s is float32 [s_0] before a step and float64 [s_0] after it"));
  CHECK_THROWS_AS(scan({.from = {s}, .n_steps = 2}, [](Variable v) { return expand_dims(v, 0); }), ShapeError);
  CHECK_THROWS_AS(scan({.from = {input<float>("s", {2})}, .n_steps = 2}, [](Variable v) { return concatenate({v, v}); }), ShapeError);
  CHECK_THROWS_WITH(scan({.from = {s, s}, .n_steps = 2}, [](Variable v, Variable) { return v; }), Contains("1 next states for 2 initial ones"));
  CHECK_THROWS_AS(scan({.from = {s}, .n_steps = 2}, [](Variable v, Variable) { return v; }), ArgumentError);
  CHECK_THROWS_AS(scan({.from = {s}}, [](Variable v) { return v; }), ArgumentError);
  CHECK_THROWS_AS(scan({.over = {scalar<float>("x")}}, [](Variable v) { return Step{.emit = {v}}; }), ShapeError);
}

TEST_CASE("a size that only a step knows cannot leave the loop") {
  const Variable x = matrix<double>("x");
  CHECK_THROWS_WITH(scan({.over = {x}}, [](Variable row) { return Step{.emit = {nonzero(row)[0]}}; }), Contains("use a mask"));
  const Variable counts = scan({.over = {x}}, [](Variable row) { return Step{.emit = {value(nonzero(row)[0].dim(0))}}; }).outputs[0];
  CHECK(evaluate(counts, {{x, Tensor::of<double>({1, 0, 2, 3}, {2, 2})}}).to_vector<int>() == std::vector<int>{1, 2});
}

TEST_CASE("what existed before the step is computed once, outside") {
  const Variable x = vector<double>("x"), w = scalar<double>("w");
  const Variable outside = exp(w);
  const Variable y = scan({.over = {x}}, [&](Variable x_t) { return Step{.emit = {x_t * outside * tanh(w)}}; }).outputs[0];
  const auto& op = static_cast<const Scan&>(*y.owner()->op);
  CHECK(op.spec().captured == 2);
  for (const Apply* node : toposort(op.body().outputs)) CHECK(node->op->name() != "exp");
  const std::vector<Variable> free = leaves(op.body().outputs);
  for (const Variable& leaf : free) CHECK(std::ranges::any_of(op.body().inputs, [&](const Variable& own) { return same(own, leaf); }));
}

TEST_CASE("a size from outside is learnt outside") {
  const Variable x = vector<double>("x"), n = scalar<std::int64_t>("n");
  const Variable y = scan({.over = {x}}, [&](Variable x_t) { return Step{.emit = {x_t * cast<double>(arange(n))}}; }).outputs[0];
  CHECK(y.dim(1) == size(n));
  const Tensor got = evaluate(y, {{x, numbers({1, 10})}, {n, Tensor(std::int64_t{3})}});
  CHECK(got.to_vector<double>() == std::vector<double>{0, 1, 2, 0, 10, 20});
}

TEST_CASE("loops stand in loops") {
  const Variable x = matrix<double>("x");
  const Variable y = scan({.over = {x}}, [](Variable row) {
    const Variable total = scan({.over = {row}, .from = {constant(Tensor(0.0))}}, [&](Variable v, Variable s) { return s + v * sum(row); }).states[0];
    return Step{.emit = {total}};
  }).outputs[0];
  CHECK(evaluate(y, {{x, Tensor::of<double>({1, 2, 3, 4}, {2, 2})}}).to_vector<double>() == std::vector<double>{9, 49});
}

TEST_CASE("a minibatch in the place of a scanned array changes the number of steps") {
  const Variable x = matrix<double>("x"), i = scalar<std::int64_t>("i");
  const Variable y = scan({.over = {x}, .from = {zeros<double>({x.dim(1)})}}, [](Variable row, Variable s) { return s + row; }).states[0];
  const Shared data = shared("data", Tensor::arange<double>(12).reshape({6, 2}));
  const Variable batch = replace(std::vector{y}, {{x, data[slice(i * 2, i * 2 + 2)]}})[0];
  CHECK(evaluate(batch, {{i, Tensor(std::int64_t{1})}}).to_vector<double>() == std::vector<double>{10, 12});
}

TEST_CASE("equal loops are equal ops") {
  const Variable x = vector<double>("x");
  const auto build = [&](double factor) {
    return scan({.over = {x}, .from = {constant(Tensor(0.0))}}, [=](Variable v, Variable s) { return s + v * factor; }).states[0];
  };
  CHECK(build(2).owner()->op->equals(*build(2).owner()->op));
  CHECK(build(2).owner()->op->hash() == build(2).owner()->op->hash());
  CHECK_FALSE(build(2).owner()->op->equals(*build(3).owner()->op));
}

TEST_CASE("debugprint shows the inside of a loop") {
  const Variable x = vector<double>("x");
  const Variable y = scan({.over = {x}, .name = "squares"}, [](Variable v) { return Step{.emit = {v * v}}; }).outputs[0];
  CHECK_THAT(debugprint(y), Contains("squares(x_0 steps)") && Contains("inside squares [A]") && Contains("x_t float64 []"));
}

#include <theon/gradient.h>

#include "src/graph/traversal.h"
#include "src/ops/elementwise.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <cmath>

using namespace theon;
using reference::evaluate;

namespace {

template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Tensor row(std::vector<double> values) { return Tensor(values); }

}  // namespace

TEST_CASE("the first program") {
  const Variable x = scalar<double>("x"), y = scalar<double>("y");
  const auto [dx, dy] = grad(pow(x, 2) * y + sin(x), x, y);
  const auto values = evaluate(std::vector<Variable>{dx, dy}, {{x, Tensor(1.5)}, {y, Tensor(2.0)}});
  CHECK(values[0].item<double>() == Approx(2 * 1.5 * 2 + std::cos(1.5)));
  CHECK(values[1].item<double>() == 1.5 * 1.5);
}

TEST_CASE("the gradient of a softmax regression is (p - t) x") {
  const Variable x = matrix<double>("x"), w = matrix<double>("w"), t = matrix<double>("t");
  const Variable e = exp(dot(x, w));
  const Variable p = e / sum(e, 1, true);
  const Variable g = grad(-sum(t * log(p)), w);
  const Tensor xs = Tensor::randn<double>({4, 3}, 1), ws = Tensor::randn<double>({3, 2}, 2);
  const Tensor ts = Tensor::of<double>({1, 0, 0, 1, 1, 0, 0, 1}, {4, 2});
  const reference::Arguments at = {{x, xs}, {w, ws}, {t, ts}};
  const Tensor got = evaluate(g, at), expected = evaluate(dot(transpose(x), p - t), at);
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t j = 0; j < 2; ++j)
      CHECK(got.at<double>({i, j}) == Approx(expected.at<double>({i, j})).margin(1e-12));
}

TEST_CASE("cotangents that meet are one sum") {
  const Variable x = scalar<double>("x");
  Variable cost = x;
  std::vector<Variable> terms;
  for (int i = 0; i < 1000; ++i) terms.push_back(sin(x));
  const Variable g = grad(add_n(terms), x);
  REQUIRE(is_elementwise(g, "add"));
  CHECK(g.owner()->inputs.size() == 1000);
}

TEST_CASE("derivatives may be taken with respect to intermediate values") {
  const Variable x = scalar<double>("x");
  const Variable y = exp(x);
  const auto [gx, gy] = grad(y * y, x, y);
  const auto values = evaluate(std::vector<Variable>{gx, gy}, {{x, Tensor(0.5)}});
  CHECK(values[0].item<double>() == Approx(2 * std::exp(1.0)));
  CHECK(values[1].item<double>() == Approx(2 * std::exp(0.5)));
}

TEST_CASE("the derivative of a variable by itself is 1") {
  const Variable x = scalar<float>("x");
  CHECK(evaluate(grad(x, x)).item<double>() == 1);
}

TEST_CASE("what is constant to grad stops cotangents") {
  const Variable x = scalar<double>("x");
  const Variable y = exp(x);
  const reference::Arguments at = {{x, Tensor(2.0)}};
  CHECK(evaluate(grad(x * y, std::vector{x}, {.consider_constant = {y}})[0], at).item<double>() ==
        Approx(std::exp(2.0)));
  CHECK(evaluate(grad(x * stop_gradient(y), x), at).item<double>() == Approx(std::exp(2.0)));
  CHECK(evaluate(grad(stop_gradient(y), x), at).item<double>() == 0);
  CHECK_THROWS_AS(grad(y, std::vector{x}, {.consider_constant = {y}}), GradientError);
  const Variable stopped = stop_gradient(y);
  CHECK(evaluate(grad(x * stopped, stopped), at).item<double>() == 2);
  CHECK(evaluate(stop_gradient(y), at).item<double>() == std::exp(2.0));
}

TEST_CASE("known gradients continue a derivative that began elsewhere") {
  const Variable x = vector<double>("x"), g = vector<double>("g");
  const Variable y = sqr(x);
  const Variable gx = grad({}, std::vector{x}, {.known_grads = {{y, g}}})[0];
  CHECK(evaluate(gx, {{x, row({1, 2})}, {g, row({10, 100})}}).to_vector<double>() == std::vector<double>{20, 400});
  const Variable both = grad(sum(x), std::vector{x}, {.known_grads = {{y, g}}})[0];
  CHECK(evaluate(both, {{x, row({1, 2})}, {g, row({10, 100})}}).to_vector<double>() == std::vector<double>{21, 401});
}

TEST_CASE("a variable the cost does not depend on: error, zero or none") {
  const Variable x = scalar<double>("x"), w = vector<float>("w");
  const std::string text = message_of<GradientError>([&] { return grad(sqr(x), w); });
  CHECK(contains(text, "reverse_test.cpp:"));
  CHECK(contains(text, "grad: the cost does not depend on w, float32 [w_0], reverse_test.cpp:"));
  const Variable zero = grad(sqr(x), std::vector{w}, {.disconnected = Disconnected::zero})[0];
  CHECK(zero.dtype() == DType::float32);
  CHECK(zero.dims() == w.dims());
  CHECK(grad(sqr(x), std::vector{w}, {.disconnected = Disconnected::none})[0].is_empty());
  CHECK_THROWS_AS(grad(sqr(x), std::vector{x}, {.consider_constant = {x}}), GradientError);
}

TEST_CASE("where the cost depends on a variable by steps alone the derivative is zero") {
  const Variable x = vector<double>("x");
  const auto slope = [&](const Variable& y) {
    return evaluate(grad(sum(cast<double>(y)), x), {{x, row({0.5, -1})}}).to_vector<double>();
  };
  for (const Variable& y : {x > 0, floor(x), sign(x), argmax(x), round(x), cast<int>(x)})
    CHECK(slope(y) == std::vector<double>{0, 0});
}

TEST_CASE("a cost that is no floating scalar is an error") {
  const Variable x = vector<double>("x");
  const std::string text = message_of<GradientError>([&] { return grad(x * x, x); });
  CHECK(contains(text, "grad: the cost is no scalar (x * x, float64 [x_0]"));
  CHECK_THROWS_AS(grad(sum(cast<int>(x)), x), GradientError);
  CHECK_THROWS_AS(grad(Variable(), x), ArgumentError);
}

TEST_CASE("an integer has no derivative") {
  const Variable n = vector<int>("n");
  CHECK(contains(message_of<GradientError>([&] { return grad(sum(n * 0.5), n); }),
                 "grad: n is int32; derivatives exist for floating variables only"));
}

TEST_CASE("a cotangent of another shape is an error") {
  const Variable x = input<double>("x", {3}), u = input<double>("u", {4}), v = matrix<double>("v");
  CHECK(contains(message_of<GradientError>([&] { return vjp(sqr(x), x, u); }),
                 "the direction u is [4], but what it belongs to is [3]"));
  CHECK_THROWS_AS(vjp(sqr(x), x, v), GradientError);
  CHECK_THROWS_AS(jvp(sqr(x), x, u), GradientError);
}

TEST_CASE("derivatives carry the line of what they are derived from") {
  const Variable x = vector<double>("x");
  const Location line = Location::here();
  const Variable y = tanh(x);
  const Variable cost = mean(y * y);
  const Variable g = grad(cost, x);
  for (const Apply* node : toposort(std::vector{g})) {
    INFO(node->op->name());
    CHECK(std::string(node->where.file).find("reverse_test.cpp") != std::string::npos);
    CHECK(node->where.line > line.line);
    CHECK(node->where.line <= line.line + 3);
  }
}

TEST_CASE("derivatives are named, users' own variables are not renamed") {
  const Variable x = scalar<double>("x");
  const Variable cost = sqr(x).named("loss");
  CHECK(grad(cost, x).name() == "d(loss)/d(x)");
  CHECK(grad(exp(x), x).name() == "d(cost)/d(x)");
  const Variable y = scalar<double>("y"), g = exp(y);
  CHECK(same(grad({}, std::vector{x}, {.known_grads = {{x, g}}})[0], g));
  CHECK(g.name().empty());
}

TEST_CASE("the gradient of a gradient") {
  const Variable x = scalar<double>("x");
  Variable f = sin(x);
  for (int order = 0; order < 4; ++order) f = grad(f, x);
  CHECK(evaluate(f, {{x, Tensor(0.7)}}).item<double>() == Approx(std::sin(0.7)));
}

TEST_CASE("differentiation takes linear time and little stack on a long chain") {
  const Variable x = scalar<double>("x");
  Variable y = x;
  for (int i = 0; i < 100000; ++i) y = i % 2 ? sin(y) : y * x;
  const auto start = std::chrono::steady_clock::now();
  const Variable g = grad(y, x);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  CHECK(toposort(std::vector{g}).size() > 200000);
  CHECK(elapsed.count() < 10);
}

// A user's own ops: composite, elementwise, external.
#include <theon/control.h>
#include <theon/gradient.h>

#include "src/graph/op.h"
#include "src/graph/traversal.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

using namespace theon;
using Catch::Contains;
using reference::evaluate;

namespace {

Tensor numbers(std::initializer_list<double> values) { return Tensor::of<double>(values, {static_cast<std::int64_t>(values.size())}); }

auto make_huber() {
  return elementwise("huber", [](auto x) { return where(abs(x) < 1, 0.5 * x * x, abs(x) - 0.5); }, [](auto x) { return clip(x, -1, 1); });
}

Tensor doubled(const Tensor& x) {
  Tensor y = x.copy();
  for (std::int64_t i = 0; i < y.size(); ++i) y.mutable_data<double>()[i] *= 2;
  return y;
}

auto make_twice(Pullback gradient) {
  return external("twice", [](const std::vector<TensorType>& types) { return types[0]; }, [](const std::vector<Tensor>& x) { return doubled(x[0]); },
                  std::move(gradient));
}

}  // namespace

TEST_CASE("a composite is one node with a name, worth its expression") {
  const auto layer = composite("layer", [](Variable x, Variable w) { return tanh(dot(x, w)); });
  const Variable x = matrix<double>("x"), w = matrix<double>("w");
  const Variable y = layer(x, w);
  CHECK(to_string(y) == "layer(x, w)");
  CHECK(y.dims() == Shape{x.dim(0), w.dim(1)});
  const Tensor a = Tensor::randn<double>({2, 3}, 1), b = Tensor::randn<double>({3, 2}, 2);
  const auto results = evaluate(std::vector{y, tanh(dot(x, w))}, {{x, a}, {w, b}});
  CHECK(identical(results[0], results[1]));
}

TEST_CASE("a composite's gradient is that of its expression") {
  const auto layer = composite("layer", [](Variable x, Variable w) { return tanh(dot(x, w)); });
  CHECK_NOTHROW(verify_grad(std::function<Variable(Variables)>([&](Variables v) { return sum(layer(v[0], v[1])); }),
                            {Tensor::randn<double>({2, 3}, 1), Tensor::randn<double>({3, 2}, 2)}));
  const Variable x = vector<double>("x");
  const auto square = composite("square", [](Variable v) { return v * v; });
  CHECK(evaluate(jvp(square(x), x, ones_like(x)), {{x, numbers({3, 4})}}).to_vector<double>() == std::vector<double>{6, 8});
}

TEST_CASE("a composite may use variables from outside") {
  const Variable w = vector<double>("w"), x = vector<double>("x");
  const auto scaled = composite("scaled", [&](Variable v) { return v * exp(w); });
  CHECK(evaluate(grad(sum(scaled(x)), w), {{x, numbers({2, 3})}, {w, numbers({0, 0})}}).to_vector<double>() == std::vector<double>{2, 3});
}

TEST_CASE("a composite's own gradient is used, in both directions and twice") {
  const auto straight_through = composite("straight_through", [](Variable x) { return round(x); },
                                          [](const Variables&, const Variables&, const Variables& g) { return g; });
  const Variable x = vector<double>("x");
  const Variable y = sum(straight_through(x) * x);
  const Tensor at = numbers({1.4, 2.6});
  CHECK(evaluate(grad(y, x), {{x, at}}).to_vector<double>() == std::vector<double>{2.4, 5.6});
  CHECK(evaluate(jvp(straight_through(x), x, x), {{x, at}}).to_vector<double>() == std::vector<double>{1.4, 2.6});
  CHECK(evaluate(grad(sum(grad(y, x)), x), {{x, at}}).to_vector<double>() == std::vector<double>{2, 2});
}

TEST_CASE("a composite with its own gradient takes everything as an argument") {
  const Variable w = vector<double>("w");
  const auto wrong = composite("wrong", [&](Variable x) { return x * w; }, [](const Variables&, const Variables&, const Variables& g) { return g; });
  CHECK_THROWS_WITH(wrong(vector<double>("x")), Contains("user_op_test.cpp") && Contains("uses w from outside"));
  const auto few = composite("few", [](Variable x, Variable y) { return x * y; }, [](const Variables&, const Variables&, const Variables& g) { return g; });
  const Variable x = scalar<double>("x");
  CHECK_THROWS_WITH(grad(few(x, x), x), Contains("1 cotangents for 2 arguments"));
}

TEST_CASE("a composite of several results") {
  const auto both = composite("both", [](Variable x) { return Variables{exp(x), -x}; });
  const Variable x = vector<double>("x");
  const Variables results = both(x);
  REQUIRE(results.size() == 2);
  CHECK(evaluate(grad(sum(results[0] * results[1]), x), {{x, numbers({0})}}).to_vector<double>() == std::vector<double>{-1});
}

TEST_CASE("a composite follows a minibatch") {
  const auto layer = composite("layer", [](Variable x) { return reshape(x, {-1, 2}) * 2; });
  const Variable x = matrix<double>("x");
  const Variable y = replace(std::vector{layer(x)}, {{x, input<double>("z", {3, 4})}})[0];
  CHECK(y.dims() == Shape{6, 2});
}

TEST_CASE("equal composites on equal operands are equal nodes") {
  const auto square = composite("square", [](Variable v) { return v * v; });
  const Variable x = vector<double>("x");
  CHECK(square(x).owner()->op->equals(*square(x).owner()->op));
  const auto other = composite("square", [](Variable v) { return v * v; });
  CHECK_FALSE(square(x).owner()->op->equals(*other(x).owner()->op));
}

TEST_CASE("an elementwise function has the derivative it was given") {
  const auto huber = make_huber();
  const Variable x = vector<double>("x");
  CHECK(evaluate(huber(x), {{x, numbers({0.5, -3})}}).to_vector<double>() == std::vector<double>{0.125, 2.5});
  CHECK(evaluate(grad(sum(huber(x)), x), {{x, numbers({0.5, -3})}}).to_vector<double>() == std::vector<double>{0.5, -1});
  CHECK_NOTHROW(verify_grad([&](Variable v) { return sum(huber(v)); }, {numbers({0.3, -2, 5})}));
  CHECK(huber(vector<float>("f")).dtype() == DType::float32);
  CHECK(evaluate(huber(2.0)).item<double>() == 1.5);
}

TEST_CASE("an elementwise function of two arguments broadcasts, and its gradient sums back") {
  const auto product = elementwise("product", [](auto x, auto y) { return x * y; }, [](auto, auto y) { return y; }, [](auto x, auto) { return x; });
  const Variable x = matrix<double>("x"), y = vector<double>("y");
  const Variable slope = grad(sum(product(x, y)), y);
  CHECK(evaluate(slope, {{x, Tensor::of<double>({1, 2, 3, 4}, {2, 2})}, {y, numbers({5, 6})}}).to_vector<double>() == std::vector<double>{4, 6});
  const auto incomplete = elementwise("incomplete", [](auto x, auto y) { return x * y; }, [](auto, auto y) { return y; });
  CHECK_THROWS_WITH(grad(sum(incomplete(x, y)), y), Contains("2 arguments has 1 derivatives"));
}

TEST_CASE("an external function is called with tensors") {
  const auto twice = make_twice([](const Variables&, const Variables&, const Variables& g) { return Variables{2 * g[0]}; });
  const Variable x = vector<double>("x");
  CHECK(evaluate(twice(x) + 1, {{x, numbers({1, 2})}}).to_vector<double>() == std::vector<double>{3, 5});
  CHECK(evaluate(grad(sum(twice(x)), x), {{x, numbers({1, 2})}}).to_vector<double>() == std::vector<double>{2, 2});
  CHECK(evaluate(jvp(twice(x), x, x), {{x, numbers({1, 2})}}).to_vector<double>() == std::vector<double>{2, 4});
}

TEST_CASE("an external function without a gradient says so") {
  const Variable x = vector<double>("x");
  CHECK_THROWS_WITH(grad(sum(make_twice(nullptr)(x)), x), Contains("twice: it was declared without a gradient"));
}

TEST_CASE("an external function gives what it promised") {
  const auto wrong = external("wrong", [](const std::vector<TensorType>& types) { return types[0]; }, [](const std::vector<Tensor>&) { return Tensor(1.0); });
  const Variable x = vector<double>("x");
  CHECK_THROWS_WITH(evaluate(wrong(x), {{x, numbers({1, 2})}}), Contains("it gives sizes [] where it promised [2]"));
}

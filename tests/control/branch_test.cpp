// while_loop and ifelse.
#include <theon/control.h>
#include <theon/gradient.h>

#include "src/control/ifelse.h"
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

TEST_CASE("a while loop runs until its condition fails") {
  const Variable a = scalar<std::int64_t>("a"), b = scalar<std::int64_t>("b");
  const Variables gcd = while_loop({.from = {a, b}}, [](Variable, Variable y) { return y != 0; }, [](Variable x, Variable y) { return Variables{y, x % y}; });
  CHECK(evaluate(gcd[0], {{a, Tensor(std::int64_t{48})}, {b, Tensor(std::int64_t{36})}}).item<int>() == 12);
  CHECK(evaluate(gcd[0], {{a, Tensor(std::int64_t{5})}, {b, Tensor(std::int64_t{0})}}).item<int>() == 5);
}

TEST_CASE("a while loop makes at most max_steps steps") {
  const Variable x = scalar<double>("x"), step = scalar<double>("step");
  const Variable y = while_loop({.from = {x}, .max_steps = 3}, [](Variable v) { return v < 100.0; }, [&](Variable v) { return v + step; })[0];
  CHECK(evaluate(y, {{x, Tensor(0.0)}, {step, Tensor(1.0)}}).item<double>() == 3);
  CHECK(evaluate(y, {{x, Tensor(0.0)}, {step, Tensor(60.0)}}).item<double>() == 120);
}

TEST_CASE("a while loop wants a boolean scalar and states that keep their type") {
  const Variable x = vector<double>("x");
  const auto keep = [](Variable v) { return v; };
  CHECK_THROWS_WITH(while_loop({.from = {x}}, [](Variable v) { return v > 0; }, keep), Contains("must be a boolean scalar"));
  CHECK_THROWS_AS(while_loop({.from = {x}}, [](Variable v) { return sum(v); }, keep), ArgumentError);
  CHECK_THROWS_AS(while_loop({.from = {x}}, [](Variable v) { return sum(v) > 0; }, [](Variable v) { return cast<float>(v); }), DTypeError);
  CHECK_THROWS_AS(while_loop({}, [] { return constant(Tensor(true)); }, [] { return Variables(); }), ArgumentError);
  CHECK_THROWS_AS(while_loop({.from = {x}, .max_steps = -1}, [](Variable v) { return sum(v) > 0; }, keep), ArgumentError);
}

TEST_CASE("a while loop has no derivative, and says what has") {
  const Variable x = scalar<double>("x");
  const Variable y = while_loop({.from = {x}}, [](Variable v) { return v < 9; }, [](Variable v) { return v * 2; })[0];
  CHECK_THROWS_WITH(grad(y, x), Contains("use scan"));
}

TEST_CASE("only the chosen branch is computed") {
  const Variable p = scalar<double>("p"), x = vector<double>("x");
  const Variable y = ifelse(p > 0, [&] { return x * 2; }, [&] { return check(x, x < x, "the other branch ran"); });
  CHECK(evaluate(y, {{p, Tensor(1.0)}, {x, numbers({1, 2})}}).to_vector<double>() == std::vector<double>{2, 4});
  CHECK_THROWS_AS(evaluate(y, {{p, Tensor(-1.0)}, {x, numbers({1, 2})}}), CheckError);
}

TEST_CASE("what a branch builds is inside, what existed before is outside") {
  const Variable p = scalar<double>("p"), x = vector<double>("x");
  const Variable before = exp(x);
  const Variable y = ifelse(p > 0, [&] { return before + tanh(x); }, [&] { return x; });
  const auto& op = static_cast<const IfElse&>(*y.owner()->op);
  CHECK(toposort(op.then().outputs).size() == 2);
  CHECK(y.owner()->inputs.size() == 3);
}

TEST_CASE("a choice of several values") {
  const Variable p = scalar<double>("p"), x = scalar<double>("x"), y = scalar<double>("y");
  const Variables sorted = ifelse(x < y, [&] { return Variables{x, y}; }, [&] { return Variables{y, x}; });
  const auto results = evaluate(sorted, {{x, Tensor(3.0)}, {y, Tensor(2.0)}});
  CHECK(results[0].item<double>() == 2);
  CHECK(results[1].item<double>() == 3);
}

TEST_CASE("the branches give the same types, the condition is a boolean scalar") {
  const Variable p = scalar<bool>("p"), x = vector<double>("x");
  CHECK_THROWS_WITH(ifelse(p, [&] { return x; }, [&] { return cast<float>(x); }), Contains("one branch gives float64 [x_0], the other float32 [x_0]"));
  CHECK_THROWS_AS(ifelse(p, [&] { return x; }, [&] { return sum(x); }), ShapeError);
  CHECK_THROWS_AS(ifelse(p, [&] { return input<double>("a", {2}); }, [&] { return input<double>("b", {3}); }), ShapeError);
  CHECK_THROWS_AS(ifelse(x > 0, [&] { return x; }, [&] { return x; }), ArgumentError);
  CHECK_THROWS_AS(ifelse(scalar<double>("d"), [&] { return x; }, [&] { return x; }), ArgumentError);
  CHECK_THROWS_AS(ifelse(p, [&] { return Variables{x}; }, [&] { return Variables{x, x}; }), ArgumentError);
}

TEST_CASE("the derivative of a choice is the choice of derivatives") {
  const Variable p = scalar<double>("p"), x = vector<double>("x"), w = vector<double>("w");
  const Variable y = sum(ifelse(p > 0, [&] { return x * x; }, [&] { return w * x; }));
  const auto slopes = grad(y, {x, w});
  const auto at = [&](double sign) {
    return evaluate(slopes, {{p, Tensor(sign)}, {x, numbers({2, 3})}, {w, numbers({5, 7})}});
  };
  CHECK(at(1)[0].to_vector<double>() == std::vector<double>{4, 6});
  CHECK(at(1)[1].to_vector<double>() == std::vector<double>{0, 0});
  CHECK(at(-1)[0].to_vector<double>() == std::vector<double>{5, 7});
  CHECK(at(-1)[1].to_vector<double>() == std::vector<double>{2, 3});
  const Variable pushed = jvp(y, x, ones_like(x));
  CHECK(evaluate(pushed, {{p, Tensor(1.0)}, {x, numbers({2, 3})}, {w, numbers({5, 7})}}).item<double>() == 10);
}

TEST_CASE("the derivative of a choice does not compute the other branch") {
  const Variable p = scalar<double>("p"), x = scalar<double>("x");
  const Variable y = ifelse(p > 0, [&] { return sqrt(x); }, [&] { return x; });
  CHECK(evaluate(grad(y, x), {{p, Tensor(-1.0)}, {x, Tensor(0.0)}}).item<double>() == 1);
}

TEST_CASE("a choice in a loop, and its gradient") {
  const auto cost = [](Variable x) {
    return scan({.over = {x}, .from = {constant(Tensor(1.0))}}, [](Variable v, Variable s) {
      return ifelse(v > 0, [&] { return s * v; }, [&] { return s - v; });
    }).states[0];
  };
  CHECK_NOTHROW(verify_grad(cost, {numbers({1.5, -2, 3})}));
}

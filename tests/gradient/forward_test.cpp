#include <theon/gradient.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace theon;
using reference::evaluate;

namespace {

Tensor row(std::vector<double> values) { return Tensor(values); }

}  // namespace

TEST_CASE("the derivative along a direction") {
  const Variable x = vector<double>("x"), v = vector<double>("v");
  const Variable Jv = jvp(x * sum(sqr(x)), x, v);
  // J = |x|^2 I + 2 x x^T
  CHECK(evaluate(Jv, {{x, row({1, 2})}, {v, row({3, 4})}}).to_vector<double>() ==
        std::vector<double>{5 * 3 + 2 * 1 * 11, 5 * 4 + 2 * 2 * 11});
}

TEST_CASE("several directions at once add up") {
  const Variable x = scalar<double>("x"), y = scalar<double>("y");
  const std::vector<Variable> t = jvp({x * y, x + y}, {x, y}, {constant(Tensor(1.0)), constant(Tensor(10.0))});
  const auto values = evaluate(t, {{x, Tensor(2.0)}, {y, Tensor(3.0)}});
  CHECK(values[0].item<double>() == 3 + 20);
  CHECK(values[1].item<double>() == 11);
}

TEST_CASE("what does not depend on the variable has the derivative zero") {
  const Variable x = vector<double>("x"), y = vector<float>("y");
  const Variable t = jvp(exp(y), x, x);
  CHECK(t.dtype() == DType::float32);
  CHECK(t.dims() == y.dims());
}

TEST_CASE("a tangent broadcasts like its variable") {
  const Variable x = scalar<double>("x"), y = vector<double>("y");
  const Variable t = jvp(x + y, x, constant(Tensor(2.0)));
  CHECK(evaluate(t, {{y, row({1, 2, 3})}}).to_vector<double>() == std::vector<double>{2, 2, 2});
}

TEST_CASE("a direction for each variable, each variable once") {
  const Variable x = scalar<double>("x");
  CHECK_THROWS_AS(jvp({x}, {x, x}, {x}), ArgumentError);
  CHECK_THROWS_AS(jvp({x}, {x, x}, {x, x}), ArgumentError);
}

TEST_CASE("a Hessian times a vector, of the Rosenbrock function") {
  const Variable x = vector<double>("x"), v = vector<double>("v");
  const Variable a = x[0], b = x[1];
  const Variable f = sqr(1 - a) + 100 * sqr(b - sqr(a));
  const Variable Hv = hvp(f, x, v);
  const auto at = [&](double p, double q) {
    return evaluate(Hv, {{x, row({-1.2, 1})}, {v, row({p, q})}}).to_vector<double>();
  };
  CHECK(at(1, 0)[0] == Approx(1200 * 1.44 - 400 * 1 + 2));
  CHECK(at(1, 0)[1] == Approx(-400 * -1.2));
  CHECK(at(0, 1)[0] == Approx(-400 * -1.2));
  CHECK(at(0, 1)[1] == Approx(200));
}

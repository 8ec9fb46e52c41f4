#include <theon/gradient.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

using namespace theon;
using reference::evaluate;

namespace {

Tensor row(std::vector<double> values) { return Tensor(values); }

}  // namespace

TEST_CASE("the Jacobian of a vector") {
  const Variable x = vector<double>("x");
  const Tensor J = evaluate(jacobian(x * sum(sqr(x)), x), {{x, row({1, 2})}});
  CHECK(J.sizes() == Sizes{2, 2});
  CHECK(J.to_vector<double>() == std::vector<double>{7, 4, 4, 13});
}

TEST_CASE("the dims of a Jacobian are those of the function, then of the variable") {
  const Variable x = matrix<float>("x"), y = dot(x, x);
  const Variable J = jacobian(y, x);
  CHECK(J.dtype() == DType::float32);
  REQUIRE(J.ndim() == 4);
  CHECK(J.dims() == Shape{y.dim(0), y.dim(1), x.dim(0), x.dim(1)});
}

TEST_CASE("the Jacobian of a linear map is its matrix, also of one that stretches") {
  const Variable x = vector<double>("x");
  const Tensor a = Tensor::randn<double>({3, 2}, 1);
  const Tensor J = evaluate(jacobian(dot(constant(a), x), x), {{x, row({5, 6})}});
  CHECK(identical(J, a));
  const Tensor empty = evaluate(jacobian(x * 2, x), {{x, Tensor::zeros<double>({0})}});
  CHECK(empty.sizes() == Sizes{0, 0});
}

TEST_CASE("the Jacobian of a scalar is its gradient") {
  const Variable x = vector<double>("x");
  CHECK(evaluate(jacobian(sum(sqr(x)), x), {{x, row({1, 2})}}).to_vector<double>() == std::vector<double>{2, 4});
}

TEST_CASE("a Jacobian with respect to what does not matter is zero") {
  const Variable x = vector<double>("x"), y = vector<double>("y");
  CHECK(evaluate(jacobian(sqr(x), y), {{x, row({1, 2})}, {y, row({3})}}).to_vector<double>() ==
        std::vector<double>{0, 0});
}

TEST_CASE("the Hessian of the Rosenbrock function") {
  const Variable x = vector<double>("x");
  const Variable f = sqr(1 - x[0]) + 100 * sqr(x[1] - sqr(x[0]));
  const std::vector<double> H = evaluate(hessian(f, x), {{x, row({-1.2, 1})}}).to_vector<double>();
  CHECK(H[0] == Approx(1200 * 1.44 - 400 + 2));
  CHECK(H[1] == Approx(480));
  CHECK(H[2] == Approx(480));
  CHECK(H[3] == Approx(200));
}

TEST_CASE("the Hessian of a function of a matrix has four axes") {
  const Variable x = matrix<double>("x");
  const Tensor H = evaluate(hessian(sum(x * x * x), x), {{x, Tensor::of<double>({1, 2, 3, 4, 5, 6}, {2, 3})}});
  REQUIRE(H.sizes() == Sizes{2, 3, 2, 3});
  CHECK(H.at<double>({1, 1, 1, 1}) == 30);
  CHECK(H.at<double>({1, 1, 1, 2}) == 0);
}

TEST_CASE("an integer function has no Jacobian") {
  const Variable x = vector<double>("x");
  CHECK_THROWS_AS(jacobian(cast<int>(x), x), GradientError);
  CHECK_THROWS_AS(hessian(x, x), GradientError);
}

#include <theon/gradient.h>
#include <theon/ops.h>

#include "src/graph/node.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

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

Variable row(std::vector<double> values) { return constant(Tensor(values)); }
std::vector<double> values(const Variable& x) { return evaluate(x).to_vector<double>(); }
const double not_a_number = std::nan("");

}  // namespace

TEST_CASE("sums of integers and booleans are int64") {
  CHECK(sum(vector<std::int8_t>()).dtype() == DType::int64);
  CHECK(sum(vector<bool>()).dtype() == DType::int64);
  CHECK(prod(vector<std::uint8_t>()).dtype() == DType::int64);
  CHECK(cumsum(vector<std::int32_t>()).dtype() == DType::int64);
  CHECK(sum(vector<float>()).dtype() == DType::float32);
  CHECK(evaluate(sum(constant(Tensor::full<std::int8_t>({4}, 100)))).item<std::int64_t>() == 400);
}

TEST_CASE("the mean of integers is float64, and that of nothing NaN") {
  CHECK(mean(vector<std::int32_t>()).dtype() == DType::float64);
  CHECK(mean(vector<float>()).dtype() == DType::float32);
  CHECK(values(mean(constant(Tensor(std::vector<int>{1, 2})))) == std::vector{1.5});
  CHECK(std::isnan(values(mean(row({})))[0]));
}

TEST_CASE("16-bit floats are summed as float32") {
  const Variable ones = constant(Tensor::ones<float>({5000}).astype(DType::float16));
  CHECK(values(sum(ones)) == std::vector<double>{5000});
  CHECK(sum(ones).dtype() == DType::float16);
  const Variable large = constant(Tensor::full<float>({10}, 20000.0f).astype(DType::float16));
  CHECK(values(mean(large)) == std::vector<double>{20000});
}

TEST_CASE("max and min keep booleans") {
  const Variable x = constant(Tensor(std::vector<bool>{true, false}));
  CHECK(max(x).dtype() == DType::boolean);
  CHECK(values(max(x)) == std::vector<double>{1});
  CHECK(values(min(x)) == std::vector<double>{0});
  CHECK(evaluate(argmax(x)).item<std::int64_t>() == 0);
}

TEST_CASE("NaN wins a maximum, and argmax says where the first one is") {
  const Variable x = row({1, not_a_number, 3, not_a_number});
  CHECK(std::isnan(values(max(x))[0]));
  CHECK(std::isnan(values(min(x))[0]));
  CHECK(values(argmax(x)) == std::vector<double>{1});
}

TEST_CASE("argmax takes the first of equals") {
  CHECK(values(argmax(row({2, 5, 5, 1}))) == std::vector<double>{1});
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(values(argmax(row({-infinity, -infinity}))) == std::vector<double>{0});
  CHECK(values(argmax(constant(Tensor(std::vector<std::uint8_t>{0, 0})))) == std::vector<double>{0});
  CHECK(argmax(matrix<float>()).dtype() == DType::int64);
}

TEST_CASE("max of an axis that may be empty is an obligation, of an empty one an error") {
  const Dim n = dim("n");
  const Variable x = input<float>("x", {n, 3});
  CHECK(max(x, 0).owner()->obligations.size() == 1);
  CHECK(max(x, 1).owner()->obligations.empty());
  CHECK(max_and_argmax(x, 0).first.owner()->obligations.size() == 1);
  CHECK_THROWS_AS(evaluate(max(x, 0), {{x, Tensor::zeros<float>({0, 3})}}), ShapeError);
  CHECK(message_of<ShapeError>([] {
          return min(input<float>("x", {0}));
        }).find("min: axis 0 of float32 [0] is empty") != std::string::npos);
  CHECK_THROWS_AS(argmax(input<float>("x", {0})), ShapeError);
}

TEST_CASE("sums, products, all and any of nothing are their identities") {
  const Variable x = row({});
  CHECK(values(sum(x)) == std::vector<double>{0});
  CHECK(values(prod(x)) == std::vector<double>{1});
  CHECK(values(all(x)) == std::vector<double>{1});
  CHECK(values(any(x)) == std::vector<double>{0});
}

TEST_CASE("an axis out of range or given twice is an error") {
  const Variable x = matrix<float>("x");
  CHECK(message_of<IndexError>([&] {
          return sum(x, 2);
        }).find("sum: axis 2 is out of range for x, an array of rank 2") != std::string::npos);
  CHECK(message_of<IndexError>([&] { return argmax(x, -3); }).find("argmax: axis -3 is out of range") !=
        std::string::npos);
  CHECK(message_of<ArgumentError>([&] {
          return mean(x, {0, -2});
        }).find("mean: axis 0 of x is given twice") != std::string::npos);
  CHECK_THROWS_AS(cumsum(scalar<float>()), IndexError);
}

TEST_CASE("the gradient of a product is exact beside zeros") {
  const Variable x = matrix<double>("x");
  const Tensor at = Tensor::of<double>({2, 3, 4, 0, 3, 4, 0, 0, 4}, {3, 3});
  const Tensor g = evaluate(grad(sum(prod(x, 1)), x), {{x, at}});
  CHECK(g.to_vector<double>() == std::vector<double>{12, 8, 6, 12, 0, 0, 0, 0, 0});
}

TEST_CASE("the second derivative of a product is exact beside one zero") {
  const Variable x = vector<double>("x");
  const Variable Hv = hvp(prod(x), x, constant(Tensor(std::vector<double>{1, 10, 100})));
  CHECK(evaluate(Hv, {{x, Tensor(std::vector<double>{0, 3, 5})}}).to_vector<double>() ==
        std::vector<double>{350, 5, 3});
}

TEST_CASE("all ties share the gradient of a maximum") {
  const Variable x = vector<double>("x");
  const Tensor at(std::vector<double>{1, 4, 4, 0});
  CHECK(evaluate(grad(max(x), x), {{x, at}}).to_vector<double>() == std::vector<double>{0, 1, 1, 0});
  CHECK(evaluate(grad(max_and_argmax(x).first, x), {{x, at}}).to_vector<double>() == std::vector<double>{0, 1, 1, 0});
}

TEST_CASE("a mean of keepdims broadcasts against its operand") {
  const Variable x = matrix<double>("x");
  const Variable centred = x - mean(x, 1, true);
  CHECK(centred.owner()->obligations.empty());
  const Tensor y = evaluate(centred, {{x, Tensor::of<double>({1, 3, 5, 5}, {2, 2})}});
  CHECK(y.to_vector<double>() == std::vector<double>{-1, 1, 0, 0});
}

TEST_CASE("a composed mean keeps the user's line") {
  const Variable x = matrix<double>("x");
  const Location line = Location::here();
  const Variable y = mean(x, 0, true);
  CHECK(y.where().line == line.line + 1);
  for (const Variable& part : y.owner()->inputs) CHECK(part.where().line == line.line + 1);
}

#include <theon/gradient.h>
#include <theon/ops.h>

#include "src/graph/node.h"
#include "src/ops/elementwise.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace theon;
using reference::evaluate;

namespace {

template <Scalar T>
Variable of(std::vector<T> values) {
  return constant(Tensor(values));
}

template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::vector<double> values(const Variable& x) { return evaluate(x).to_vector<double>(); }

constexpr double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::nan("");

}  // namespace

TEST_CASE("a number takes the dtype of the array within its kind") {
  CHECK((scalar<float>() + 1).dtype() == DType::float32);
  CHECK((scalar<float>() + 0.5).dtype() == DType::float32);
  CHECK((2 * scalar<std::int8_t>()).dtype() == DType::int8);
  CHECK((scalar<std::uint8_t>() + 255).dtype() == DType::uint8);
  CHECK((input<Half>("h", {}) * 0.1).dtype() == DType::float16);
}

TEST_CASE("a number of a higher kind raises the dtype") {
  CHECK((scalar<std::int32_t>() + 0.5).dtype() == DType::float64);
  CHECK((scalar<bool>() + 1).dtype() == DType::int64);
  CHECK((scalar<bool>() + 0.5).dtype() == DType::float64);
  CHECK((scalar<std::int8_t>() < 0.5).dtype() == DType::boolean);
}

TEST_CASE("arrays promote") {
  CHECK((scalar<std::int32_t>() + scalar<float>()).dtype() == DType::float32);
  CHECK((scalar<std::int64_t>() + scalar<std::uint64_t>()).dtype() == DType::int64);
  CHECK((scalar<std::uint8_t>() + scalar<std::int8_t>()).dtype() == DType::int16);
  CHECK((scalar<bool>() + scalar<float>()).dtype() == DType::float32);
  CHECK(where(scalar<float>(), scalar<std::int8_t>(), 1).dtype() == DType::int8);
}

TEST_CASE("a number that does not fit is an error") {
  const Variable x = scalar<std::int8_t>("x");
  CHECK(message_of<DTypeError>([&] { return x + 300; }).find("add: the number 300 does not fit into int8") !=
        std::string::npos);
  CHECK_THROWS_AS(scalar<std::uint8_t>() > -1, DTypeError);
  CHECK_THROWS_AS(input<Half>("h", {}) + 1e6, DTypeError);
  CHECK_THROWS_AS(scalar<float>() * 1e300, DTypeError);
  CHECK((scalar<float>() * infinity).dtype() == DType::float32);
}

TEST_CASE("division of integers is true division") {
  const Variable q = of<std::int32_t>({7, -7, 1}) / of<std::int32_t>({2, 2, 0});
  CHECK(q.dtype() == DType::float64);
  CHECK(values(q) == std::vector{3.5, -3.5, infinity});
}

TEST_CASE("remainder and floor division have Python's sign") {
  const Variable x = of<std::int32_t>({7, -7, 7, -7, 5}), y = of<std::int32_t>({3, 3, -3, -3, 0});
  CHECK(values(x % y) == std::vector<double>{1, 2, -2, -1, 0});
  CHECK(values(floor_div(x, y)) == std::vector<double>{2, -3, -3, 2, 0});
  CHECK(values(of<double>({5.5, -5.5}) % 2) == std::vector{1.5, 0.5});
}

TEST_CASE("booleans add and multiply like truth values and have no negative") {
  const Variable a = of<bool>({false, false, true, true}), b = of<bool>({false, true, false, true});
  CHECK(values(a + b) == std::vector<double>{0, 1, 1, 1});
  CHECK(values(a * b) == std::vector<double>{0, 0, 0, 1});
  CHECK(values(maximum(a, b)) == std::vector<double>{0, 1, 1, 1});
  CHECK((a + b).dtype() == DType::boolean);
  CHECK(pow(a, b).dtype() == DType::int8);
  CHECK_THROWS_AS(a - b, DTypeError);
  CHECK_THROWS_AS(-a, DTypeError);
}

TEST_CASE("bits of floating numbers are an error") {
  CHECK(message_of<DTypeError>([] {
          return scalar<float>("x") & 1;
        }).find("and: x is float32; & takes booleans and integers") != std::string::npos);
  CHECK_THROWS_AS(~scalar<double>(), DTypeError);
}

TEST_CASE("integers stay integers where the result is one") {
  const Variable x = of<std::int32_t>({-3, 0, 4});
  for (const Variable& y : {abs(x), sign(x), sqr(x), relu(x), floor(x), ceil(x), round(x), clip(x, -1, 2)})
    CHECK(y.dtype() == DType::int32);
  for (const Variable& y : {exp(x), sqrt(x), sigmoid(x), tanh(x)}) CHECK(y.dtype() == DType::float64);
  CHECK(values(sign(x)) == std::vector<double>{-1, 0, 1});
  CHECK(values(sign(of<std::uint8_t>({0, 200}))) == std::vector<double>{0, 1});
}

TEST_CASE("rounding is half to even") {
  CHECK(values(round(of<double>({0.5, 1.5, 2.5, -0.5, -1.5}))) == std::vector<double>{0, 2, 2, -0.0, -2});
}

TEST_CASE("integer arithmetic wraps") {
  CHECK(values(of<std::int8_t>({127}) + 1) == std::vector<double>{-128});
  CHECK(values(-of<std::int8_t>({-128})) == std::vector<double>{-128});
}

TEST_CASE("NaN goes through maximum, minimum, sign and clip") {
  const Variable x = of<double>({not_a_number, 1});
  for (const Variable& y : {maximum(x, 0), minimum(0, x), sign(x), clip(x, 0, 1), relu(x)}) {
    CHECK(std::isnan(values(y)[0]));
    CHECK_FALSE(std::isnan(values(y)[1]));
  }
  CHECK(values(cast<std::int32_t>(isnan(x))) == std::vector<double>{1, 0});
}

TEST_CASE("sigmoid and softplus are accurate far from zero") {
  const Variable x = of<double>({-1e4, -700, -40, 40, 1e4, infinity, -infinity});
  const std::vector<double> s = values(sigmoid(x)), p = values(softplus(x));
  CHECK(s[0] == 0);
  CHECK(s[1] == Approx(std::exp(-700.0)).epsilon(1e-14));
  CHECK(s[2] == Approx(std::exp(-40.0)).epsilon(1e-14));
  CHECK(s[4] == 1);
  CHECK(s[5] == 1);
  CHECK(s[6] == 0);
  CHECK(p[1] == Approx(std::exp(-700.0)).epsilon(1e-14));
  CHECK(p[3] == 40);
  CHECK(p[4] == 1e4);
  CHECK(p[5] == infinity);
  CHECK(p[6] == 0);
}

TEST_CASE("cast to the same dtype is the operand itself") {
  const Variable x = scalar<float>();
  CHECK(same(cast<float>(x), x));
  CHECK_FALSE(same(cast<double>(x), x));
}

TEST_CASE("known sizes of 1 stretch on both sides") {
  const Variable x = input<float>("x", {3, 1}), y = input<float>("y", {1, 4});
  CHECK((x + y).dims() == Shape{3, 4});
  CHECK((x + scalar<float>()).dims() == Shape{3, 1});
  CHECK(where(x > 0, y, input<float>("z", {2, 3, 4})).dims() == Shape{2, 3, 4});
}

TEST_CASE("sizes that may be equal are an obligation") {
  const Dim n = dim("n"), m = dim("m");
  const Variable y = input<float>("x", {n}) + input<float>("y", {m});
  REQUIRE(y.owner()->obligations.size() == 1);
  CHECK(y.owner()->obligations[0].message == "add: shapes [n] and [m] do not broadcast");
  CHECK((input<float>("x", {n}) + input<float>("y", {5})).dims() == Shape{5});
  CHECK((input<float>("x", {n}) + input<float>("y", {n})).owner()->obligations.empty());
}

TEST_CASE("of several operands the known size decides, and its contradiction is found") {
  const Dim n = dim("n");
  const std::vector<Variable> terms = {input<float>("x", {n}), input<float>("y", {5}), input<float>("z", {6})};
  CHECK(add_n(std::span(terms).first(2)).dims() == Shape{5});
  CHECK_THROWS_AS(add_n(terms), ShapeError);
}

TEST_CASE("shapes that do not broadcast are an error with both of the user's lines") {
  const Location line = Location::here();
  const Variable h = input<float>("hidden", {dim("batch"), 4});
  const Variable b = input<float>("bias", {5});
  const std::string text = message_of<ShapeError>([&] { return h + b; });
  const auto at = [&](int after) { return "elementwise_test.cpp:" + std::to_string(line.line + after); };
  CHECK(text ==
        at(3) +
            ": add: shapes [batch, 4] and [5] do not broadcast\n"
            "  left:  hidden   float32 [batch, 4]   " +
            at(1) +
            "\n"
            "  right: bias     float32 [5]          " +
            at(2) +
            "\n"
            "  hint:  a dim broadcasts only where its size is known to be 1; use expand_dims or give bias shape [4]");
}

TEST_CASE("an empty Variable is no operand") {
  CHECK(message_of<ArgumentError>([] {
          return scalar<float>() + Variable();
        }).find("add: operand 1 is an empty Variable") != std::string::npos);
}

TEST_CASE("composed functions keep the user's line") {
  const Variable x = scalar<double>("x");
  const Location line = Location::here();
  CHECK(relu(x).where().line == line.line + 1);
  CHECK(sqr(x).where().line == line.line + 2);
  CHECK(clip(x, 0, 1).owner()->inputs[0].where().line == line.line + 3);
}

TEST_CASE("derivatives at kinks") {
  const Variable x = scalar<double>("x"), y = scalar<double>("y");
  const auto slope = [&](const Variable& f, double at) {
    return evaluate(grad(f, x), {{x, Tensor(at)}}).item<double>();
  };
  CHECK(slope(abs(x), 0) == 0);
  CHECK(slope(relu(x), 0) == 0);
  CHECK(slope(maximum(x, 0), 0) == 1);
  CHECK(slope(minimum(0, x), 0) == 0);
  CHECK(slope(clip(x, 0, 1), 0) == 1);
  CHECK(slope(clip(x, 0, 1), 1) == 1);
  CHECK(slope(clip(x, 0, 1), 2) == 0);
  CHECK(slope(floor(x), 0.5) == 0);
}

TEST_CASE("derivatives of powers are finite at zero") {
  const Variable x = scalar<double>("x"), p = scalar<double>("p");
  const auto slopes = [&](double base, double exponent) {
    const auto g = evaluate(grad(pow(x, p), std::vector{x, p}), {{x, Tensor(base)}, {p, Tensor(exponent)}});
    return std::pair(g[0].item<double>(), g[1].item<double>());
  };
  CHECK(slopes(0, 2) == std::pair(0.0, 0.0));
  CHECK(slopes(0, 1) == std::pair(1.0, 0.0));
  CHECK(slopes(0, 0) == std::pair(0.0, 0.0));
  CHECK(slopes(3, 0) == std::pair(0.0, std::log(3.0)));
  const Variable second = grad(grad(pow(x, 2), x), x);
  CHECK(evaluate(second, {{x, Tensor(0.0)}}).item<double>() == 2);
}

TEST_CASE("the branch not taken does not spoil a derivative") {
  const Variable x = scalar<double>("x");
  const Variable y = where(x > 0, sqrt(where(x > 0, x, 1)), 0);
  CHECK(evaluate(grad(y, x), {{x, Tensor(0.0)}}).item<double>() == 0);
  const Variable g = grad(where(x > 0, log(x), x), x);
  CHECK(evaluate(g, {{x, Tensor(-2.0)}}).item<double>() == 1);
}

TEST_CASE("a scatter of dtypes: the gradient has the dtype of the operand") {
  const Variable x = scalar<float>("x"), y = scalar<double>("y");
  const std::vector<Variable> g = grad(x * y, std::vector<Variable>{x, y});
  CHECK(g[0].dtype() == DType::float32);
  CHECK(g[1].dtype() == DType::float64);
}

TEST_CASE("add_n is one node and needs a term") {
  const std::vector<Variable> terms = {scalar<double>(), scalar<double>(), scalar<double>()};
  CHECK(add_n(terms).owner()->inputs.size() == 3);
  CHECK(same(add_n(std::span(terms).first(1)), terms[0]));
  CHECK_THROWS_AS(add_n({}), ArgumentError);
}

TEST_CASE("sum_to_shape is the adjoint of broadcasting") {
  const Variable x = constant(Tensor::arange<double>(24).reshape({2, 3, 4}));
  CHECK(sum_to_shape(x, {3, 1}, {}).dims() == Shape{3, 1});
  CHECK(values(sum_to_shape(x, {3, 1}, {})) == std::vector<double>{60, 92, 124});
  CHECK(values(sum_to_shape(x, {}, {})) == std::vector<double>{276});
  CHECK(same(sum_to_shape(x, {2, 3, 4}, {}), x));
}

// Functions compiled with Math::fast: nearly the strict results, in other code.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace theon;

namespace {

double largest_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]) / std::max(std::abs(y[i]), 1.0));
  return largest;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEMPLATE_TEST_CASE("fast mathematics gives what strict does, but for a few last bits", "", float, double) {
  const Variable x = vector<TestType>("x"), y = vector<TestType>("y");
  const std::vector<Variable> outputs{tanh(x) * sigmoid(x) + exp(-x * x), pow(x, 10) + log(y) / y + x / y, softmax(x),
                                      sum(expm1(x) / y)};
  const Function strict = function({x, y}, outputs), fast = function({x, y}, outputs, {.math = Math::fast});
  const DType dtype = dtype_of<TestType>;
  const Tensor a = Tensor::uniform(dtype, {1003}, 1, -3, 3), b = Tensor::uniform(dtype, {1003}, 2, 0.5, 4);
  const Results wanted = strict(a, b), got = fast(a, b);
  for (std::size_t k = 0; k < wanted.size(); ++k)
    CHECK(largest_difference(got[k], wanted[k]) < 100 * std::numeric_limits<TestType>::epsilon());
}

TEST_CASE("several quotients share one division where mathematics is fast") {
  const Variable x = vector<double>("x"), y = vector<double>("y");
  const Variable z = x / y + sin(x) / y;
  CHECK(count(function({x, y}, {z}, {.math = Math::fast}).explain(), "1 / ") == 1);
  CHECK(count(function({x, y}, {z}).explain(), "1 / ") == 0);
}

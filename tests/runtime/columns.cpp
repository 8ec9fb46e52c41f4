// Reductions down columns, against the reference evaluator.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

using namespace theon;
using Catch::Detail::Approx;

namespace {

std::vector<double> doubles(const Tensor& x) { return x.to_vector<double>(); }

void expect_reference(const Variable& x, const std::vector<Variable>& outputs, const Tensor& value) {
  const Results got = function({x}, outputs)(value);
  const std::vector<Tensor> wanted = reference::evaluate(outputs, {{x, value}});
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    INFO("output " << k << " of " << to_string(value.sizes()));
    CHECK(got[k].dtype() == wanted[k].dtype());
    CHECK_THAT(doubles(got[k]), Catch::Approx(doubles(wanted[k])).epsilon(1e-12));
  }
}

}  // namespace

TEST_CASE("columns of every length and number") {
  const Variable x = matrix<double>("x");
  const std::vector<Variable> outputs{sum(x, 0), exp(mean(x, 0)) + 1, max(x, 0), argmax(x, 0), sum(x * x + sin(x), 0),
                                      any(x > 1, 0)};
  for (std::int64_t rows : {1, 3, 4, 7, 33})
    for (std::int64_t columns : {1, 2, 31, 64, 65, 300, 5000})
      expect_reference(x, outputs, Tensor::randn(DType::float64, {rows, columns}, rows + columns));
  expect_reference(x, {sum(x, 0), prod(x, 0)}, Tensor::zeros<double>({0, 100}));
  expect_reference(x, {sum(x, 0), max(x, 0)}, Tensor::zeros<double>({5, 0}));
}

TEST_CASE("columns of a known number, and of other dtypes") {
  for (const DType dtype : {DType::int8, DType::int32, DType::int64, DType::uint16}) {
    const Variable x = input(dtype, "x", {37, 1000});
    expect_reference(x, {sum(x, 0), min(x, 0), argmax(x, 0)}, Tensor::uniform(dtype, {37, 1000}, 5, 0, 100));
  }
  const Variable x = input<float>("x", {37, 1000});
  expect_reference(x, {max(x, 0), all(x > -3, 0), argmax(x, 0)}, Tensor::randn<float>({37, 1000}, 6));
}

TEST_CASE("columns in the middle of an array") {
  const Variable x = tensor3<double>("x");
  const std::vector<Variable> outputs{sum(x, 1), argmax(x, 1), sum(x, {0, 1}), sum(x, 0)};
  for (std::int64_t columns : {1, 65, 130}) expect_reference(x, outputs, Tensor::randn(DType::float64, {3, 9, columns}, 7));
}

TEST_CASE("columns of the last axes as one") {
  const Variable x = tensor4<double>("x");
  const std::vector<Variable> outputs{sum(x, 0), max(x, 0), sum(x, 1), sum(x, {0, 1}), sum(x * x + 1, 0), argmax(x, 1)};
  for (std::int64_t columns : {1, 7, 66})
    for (std::int64_t rows : {1, 5, 300}) expect_reference(x, outputs, Tensor::uniform(DType::float64, {rows, 3, 11, columns}, 9, 1, 2));
  expect_reference(x, {sum(x, 0)}, Tensor::zeros<double>({4, 0, 3, 2}));
  const Variable turned = transpose(x, {0, 1, 3, 2}), weighed = x * expand_dims(mean(x, {0, 1, 2}), 0);
  expect_reference(x, {sum(turned, 0), sum(weighed, 0), sum(x, 0) * 2 + x[0]}, Tensor::uniform(DType::float64, {20, 3, 5, 40}, 10, 1, 2));
}

TEST_CASE("columns beyond the caches") {
  const Variable x = tensor3<double>("x");
  expect_reference(x, {sum(x, 1), sum(x, 0)}, Tensor::uniform(DType::float64, {5, 611, 1009}, 8, 0, 1));
  const Variable y = matrix<double>("y");
  for (std::int64_t columns : {1003, 2999}) expect_reference(y, {sum(y, 0)}, Tensor::uniform(DType::float64, {5000000 / columns, columns}, 8, 0, 1));
}

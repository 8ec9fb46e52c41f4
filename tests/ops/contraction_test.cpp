#include <theon/ops.h>

#include "src/graph/node.h"
#include "src/ops/contraction.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

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

}  // namespace

TEST_CASE("the ranks of a product are NumPy's") {
  const Variable v = vector<float>(), m = matrix<float>();
  CHECK(dot(v, v).ndim() == 0);
  CHECK(dot(m, v).ndim() == 1);
  CHECK(dot(v, m).ndim() == 1);
  CHECK(dot(m, m).ndim() == 2);
  CHECK(is_dot(*dot(m, m).owner()->op));
  CHECK_FALSE(is_dot(*dot(m, 2).owner()->op));
  CHECK(dot(m, 2).ndim() == 2);
}

TEST_CASE("inner sizes that differ are an error, those that may differ an obligation") {
  const Variable x = input<float>("x", {3, 4}), w = input<float>("w", {5, 2});
  CHECK(message_of<ShapeError>([&] {
          return dot(x, w);
        }).find("dot: inner dimensions 4 and 5 differ (x is [3, 4], w is [5, 2])") != std::string::npos);
  const Variable free = matrix<float>("free");
  CHECK(dot(x, free).owner()->obligations.size() == 1);
  CHECK_THROWS_AS(evaluate(dot(x, free), {{x, Tensor::zeros<float>({3, 4})}, {free, Tensor::zeros<float>({5, 2})}}),
                  ShapeError);
}

TEST_CASE("operands of a product promote") {
  CHECK(dot(vector<float>(), vector<double>()).dtype() == DType::float64);
  CHECK(dot(vector<std::int32_t>(), vector<float>()).dtype() == DType::float32);
  CHECK(dot(vector<bool>(), vector<bool>()).dtype() == DType::int64);
}

TEST_CASE("operands of rank 3 are an error") {
  CHECK(message_of<ShapeError>([] { return dot(tensor3<float>("t"), vector<float>()); }).find("dot: t has rank 3") !=
        std::string::npos);
}

TEST_CASE("16-bit floats are summed as float32 in a product") {
  const Variable ones = constant(Tensor::ones<float>({5000}).astype(DType::float16));
  CHECK(evaluate(dot(ones, ones)).item<double>() == 5000);
}

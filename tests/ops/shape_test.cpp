// What shape ops refuse, what they leave to the call, and how they print.
#include <theon/ops.h>

#include "src/graph/node.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

using namespace theon;
using Catch::Contains;
using reference::evaluate;

namespace {

std::vector<std::string> obligations(const Variable& x) {
  std::vector<std::string> messages;
  for (const Obligation& obligation : x.owner()->obligations) messages.push_back(obligation.message);
  return messages;
}

}  // namespace

TEST_CASE("a reshape to another number of elements is an error where it is written") {
  const Variable x = input<float>("x", {2, 3});
  CHECK_THROWS_WITH(reshape(x, {4, 2}), Contains("shape_test.cpp") && Contains("reshape: [2, 3] and [4, 2] hold different numbers of elements"));
  CHECK_THROWS_WITH(reshape(x, {-1, 4}), Contains("hold different numbers of elements"));
  CHECK_THROWS_WITH(reshape(x, {-1, -1}), Contains("more than one size"));
  CHECK_THROWS_WITH(reshape(x, {-1, 0}), Contains("-1 in [-1, 0] could be any size"));
  CHECK_THROWS_AS(reshape(x, {-2, 3}), ShapeError);
}

TEST_CASE("-1 in a reshape is exact where sizes cancel") {
  const Dim n = dim("n"), m = dim("m");
  const Variable x = input<float>("x", {n, m, 4});
  CHECK(reshape(x, {-1, m}).dim(0) == n * 4);
  CHECK(reshape(x, {n, -1}).dim(1) == m * 4);
  CHECK(obligations(reshape(x, {n, -1})).empty());
}

TEST_CASE("a reshape that may not fit is checked by the call") {
  const Variable x = vector<float>("x");
  const Variable y = reshape(x, {-1, 4});
  REQUIRE(obligations(y).size() == 1);
  CHECK(evaluate(y, {{x, Tensor::zeros<float>({8})}}).sizes() == Sizes{2, 4});
  CHECK_THROWS_WITH(evaluate(y, {{x, Tensor::zeros<float>({6})}}), Contains("hold different numbers of elements"));
}

TEST_CASE("a reshape to its own shape, a transpose of nothing and an identity are the operand itself") {
  const Variable x = matrix<float>("x");
  CHECK(same(reshape(x, x.dims()), x));
  CHECK(same(dimshuffle(x, {0, 1}), x));
  CHECK(same(broadcast_to(x, x.dims()), x));
  CHECK(same(concatenate({x}, 0), x));
}

TEST_CASE("a dropped axis has size 1, or the call fails") {
  const Variable x = matrix<float>("x");
  CHECK_THROWS_AS(squeeze(input<float>("y", {2, 3}), 0), ShapeError);
  const Variable y = squeeze(x, 1);
  CHECK(evaluate(y, {{x, Tensor::ones<float>({3, 1})}}).sizes() == Sizes{3});
  CHECK_THROWS_WITH(evaluate(y, {{x, Tensor::ones<float>({3, 2})}}), Contains("axis 1") && Contains("is dropped"));
}

TEST_CASE("axes out of range and repeated axes are named") {
  const Variable x = matrix<float>("x");
  CHECK_THROWS_AS(expand_dims(x, 3), IndexError);
  CHECK_THROWS_AS(expand_dims(x, -4), IndexError);
  CHECK_THROWS_WITH(dimshuffle(x, {0, 0}), Contains("axis 0 appears twice"));
  CHECK_THROWS_WITH(dimshuffle(x, {0, 2}), Contains("axis 2 of an array of rank 2"));
  CHECK_THROWS_WITH(transpose(x, {0}), Contains("do not name each of the 2 axes once"));
  CHECK_THROWS_AS(concatenate({x}, 2), IndexError);
}

TEST_CASE("broadcast_to stretches only what is known to be 1") {
  CHECK_THROWS_WITH(broadcast_to(input<float>("x", {2}), {3}), Contains("shape [2] does not broadcast to [3]"));
  CHECK_THROWS_AS(broadcast_to(input<float>("x", {2, 2}), {2}), ShapeError);
  const Variable x = vector<float>("x");
  const Variable y = broadcast_to(x, {3, 4});
  CHECK(evaluate(y, {{x, Tensor::ones<float>({4})}}).sizes() == Sizes{3, 4});
  CHECK_THROWS_AS(evaluate(y, {{x, Tensor::ones<float>({1})}}), ShapeError);
}

TEST_CASE("parts of a concatenation agree in rank, dtype and the other sizes") {
  const Variable x = input<float>("x", {2, 3}), y = input<float>("y", {4, 3}), z = input<float>("z", {2, 5});
  CHECK(concatenate({x, y}, 0).dims() == Shape{6, 3});
  CHECK_THROWS_WITH(concatenate({x, z}, 0), Contains("shapes [2, 3] and [2, 5] differ in axis 1"));
  CHECK_THROWS_WITH(concatenate({x, vector<float>("v")}, 0), Contains("parts of rank 2 and 1"));
  CHECK_THROWS_AS(concatenate({}, 0), ArgumentError);
  CHECK(concatenate({x, input<double>("d", {1, 3})}).dtype() == DType::float64);
}

TEST_CASE("a known size of a part becomes that of the whole") {
  const Variable x = matrix<float>("x");
  CHECK(concatenate({x, input<float>("y", {4, 3})}, 0).dim(1) == Dim(3));
}

TEST_CASE("T reverses the axes and keeps the user's line") {
  const Variable x = tensor3<float>("x");
  const Variable y = x.T();
  CHECK(y.dims() == Shape{x.dim(2), x.dim(1), x.dim(0)});
  CHECK(y.where().line == Location::here().line - 2);
}

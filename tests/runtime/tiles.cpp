// Elementwise work on operands that lie across, or apart, against the reference evaluator.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

using namespace theon;

namespace {

void expect_reference(const std::vector<Variable>& inputs, const std::vector<Variable>& outputs, const std::vector<Tensor>& values) {
  std::vector<std::pair<Variable, Tensor>> bound;
  for (std::size_t k = 0; k < inputs.size(); ++k) bound.emplace_back(inputs[k], values[k]);
  const Results got = function({inputs.begin(), inputs.end()}, outputs).call(values);
  const std::vector<Tensor> wanted = reference::evaluate(outputs, bound);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    INFO("output " << k << " of " << to_string(values[0].sizes()));
    CHECK(got[k].sizes() == wanted[k].sizes());
    CHECK(got[k].to_vector<double>() == wanted[k].to_vector<double>());
  }
}

}  // namespace

TEST_CASE("a transposed operand of every shape") {
  for (const DType dtype : {DType::float32, DType::float64, DType::int8, DType::float16}) {
    const Variable x = input(dtype, "x", {dim("r"), dim("c")}), y = input(dtype, "y", {dim("s"), dim("t")});
    const Variable difference = transpose(x) - y;
    for (const std::int64_t rows : {0, 1, 3, 16, 61, 67, 131})
      for (const std::int64_t columns : {0, 1, 15, 64, 127})
        expect_reference({x, y}, {difference, difference * transpose(x), transpose(y) + 1},
                         {Tensor::uniform(dtype, {rows, columns}, 1, 0, 9), Tensor::uniform(dtype, {columns, rows}, 2, 0, 9)});
  }
}

TEST_CASE("axes in every order") {
  const Variable x = tensor3<float>("x");
  for (const std::vector<int>& axes : {std::vector{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
    const Variable turned = transpose(x, axes);
    for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{3, 67, 131}, {61, 5, 7}, {64, 128, 2}, {1, 70, 130}})
      expect_reference({x}, {turned * 2, sqrt(abs(turned)) - turned}, {Tensor::randn<float>(sizes, 3)});
  }
}

TEST_CASE("a transposed operand beside others, in place, and of known size") {
  const Variable x = input<std::int32_t>("x", {70, 33}), row = input<std::int32_t>("row", {70}), column = input<std::int32_t>("column", {33});
  const Variable sum_of_all = transpose(x) * expand_dims(row, 0) + expand_dims(column, 1);
  expect_reference({x, row, column}, {sum_of_all, sum_of_all > 0, transpose(x)},
                   {Tensor::uniform(DType::int32, {70, 33}, 1, -9, 9), Tensor::uniform(DType::int32, {70}, 2, -9, 9), Tensor::uniform(DType::int32, {33}, 3, -9, 9)});
  const Tensor start = Tensor::randn<float>({67, 67}, 4), step = Tensor::randn<float>({67, 67}, 5);
  const Shared state = shared("state", start);
  const Variable g = matrix<float>("g");
  function({g}, {}, {.updates = {{state, state - transpose(g) * 2}}})(step);
  const Variable s = matrix<float>("s");
  const Tensor wanted = reference::evaluate(s - transpose(g) * 2, {{s, start}, {g, step}});
  CHECK(state.value().to_vector<double>() == wanted.to_vector<double>());
}

TEST_CASE("elements that lie apart") {
  for (const DType dtype : {DType::float32, DType::float64, DType::int16, DType::boolean}) {
    const Variable x = input(dtype, "x", {dim("n")});
    for (const std::int64_t n : {0, 1, 2, 7, 31, 64, 127, 128, 129, 1000, 1009})
      for (const std::int64_t step : {2, 3, 4, 5})
        for (const std::int64_t first : {0, 1})
          expect_reference({x}, {where(x[slice(first, {}, step)] > 0, 3, x[slice(first, {}, step)])}, {Tensor::uniform(dtype, {n}, 6, 0, 2)});
  }
}

TEST_CASE("large results whose rows have a length of several terms") {
  const Variable x = matrix<float>("x"), row = vector<float>("row");
  expect_reference({x, row}, {x[slice(1)] * 2, index(x, {slice(), slice(1)}) + row},
                   {Tensor::uniform(DType::float32, {1300, 4097}, 7, 0, 2), Tensor::uniform(DType::float32, {4096}, 8, 0, 2)});
}

// Reductions along rows that meet the same operand, against the reference evaluator.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

using namespace theon;

namespace {

std::vector<double> doubles(const Tensor& x) { return x.to_vector<double>(); }

/// Of a matrix, a vector as long as its rows and one as long as its columns.
struct Operands {
  Variable a, x, y;
};

Operands operands(DType dtype) {
  const Dim rows = dim("rows"), columns = dim("columns");
  return {input(dtype, "a", {rows, columns}), input(dtype, "x", {columns}), input(dtype, "y", {rows})};
}

void expect_reference(const Operands& of, const std::vector<Variable>& outputs, std::int64_t rows, std::int64_t columns) {
  const DType dtype = of.a.dtype();
  const Tensor a = Tensor::uniform(dtype, {rows, columns}, 1, -1, 1), x = Tensor::uniform(dtype, {columns}, 2, -1, 1), y = Tensor::uniform(dtype, {rows}, 3, -1, 1);
  const Results got = function({of.a, of.x, of.y}, outputs, {.on_unused_input = OnUnusedInput::ignore})(a, x, y);
  const std::vector<Tensor> wanted = reference::evaluate(outputs, {{of.a, a}, {of.x, x}, {of.y, y}});
  const double epsilon = (dtype == DType::float32 ? 1e-6 : 1e-14) * static_cast<double>(columns + 1);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    INFO("output " << k << " of " << rows << " x " << columns);
    CHECK(got[k].dtype() == wanted[k].dtype());
    CHECK_THAT(doubles(got[k]), Catch::Approx(doubles(wanted[k])).epsilon(epsilon).margin(epsilon));
  }
}

}  // namespace

TEST_CASE("rows of every length and number meet a vector") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Operands of = operands(dtype);
    const std::vector<Variable> outputs{dot(of.a, of.x), 2 * dot(of.a, of.x) - of.y, sum(abs(of.a - of.x), 1), max(of.a * of.x, 1)};
    for (std::int64_t rows : {0, 1, 2, 7, 8, 9, 17, 31})
      for (std::int64_t columns : {1, 2, 15, 16, 17, 64, 131}) expect_reference(of, outputs, rows, columns);
    expect_reference(of, {dot(of.a, of.x)}, 5, 0);
  }
}

TEST_CASE("several sums of rows meet a vector at once") {
  const Operands of = operands(DType::float64);
  const std::vector<Variable> outputs{dot(of.a, of.x) + sum(of.a * of.a * of.x, 1), sum(of.a + of.x, 1) * of.y};
  for (std::int64_t rows : {1, 4, 13}) expect_reference(of, outputs, rows, 67);
}

TEST_CASE("rows of every matrix of a batch meet a vector of its own") {
  const Variable a = tensor3<float>("a"), x = input<float>("x", {a.dim(0), a.dim(2)});
  const Variable y = sum(a * expand_dims(x, 1), 2);
  for (std::int64_t rows : {1, 8, 21}) {
    const Tensor of_a = Tensor::uniform<float>({3, rows, 83}, 1), of_x = Tensor::uniform<float>({3, 83}, 2);
    CHECK_THAT(doubles(function({a, x}, {y})(of_a, of_x)[0]),
               Catch::Approx(doubles(reference::evaluate(y, {{a, of_a}, {x, of_x}}))).epsilon(1e-5));
  }
}

TEST_CASE("rows beyond the caches, one at a time and several") {
  const Operands of = operands(DType::float32);
  expect_reference(of, {dot(of.a, of.x)}, 1009, 4999);
  expect_reference(of, {dot(of.a, of.x)}, 4999, 1009);
}

TEST_CASE("a product takes the place of the vector that is added to it, not of the one that it meets") {
  const Dim n = dim("n");
  const Variable a = input<double>("a", {n, n}), x = vector<double>("x");
  const Tensor of_a = Tensor::uniform<double>({53, 53}, 1, -1, 1), start = Tensor::uniform<double>({53}, 2, -1, 1);
  for (const bool meets : {false, true}) {
    const auto next = [&](const Variable& state) { return dot(a, meets ? state : x) + state; };
    const Shared state = shared("state", start.copy());
    function({a, x}, {}, {.updates = {{state, next(state)}}, .on_unused_input = OnUnusedInput::ignore})(of_a, start);
    const Variable before = vector<double>("before");
    const Tensor wanted = reference::evaluate(next(before), {{a, of_a}, {x, start}, {before, start}});
    CHECK_THAT(doubles(state.value()), Catch::Approx(doubles(wanted)).epsilon(1e-12).margin(1e-12));
  }
}

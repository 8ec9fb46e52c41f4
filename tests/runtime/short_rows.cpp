// Reductions of rows shorter than vectors, and over several adjacent axes, against the reference evaluator.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace theon;

namespace {

void expect_reference(const std::vector<Variable>& inputs, const std::vector<Variable>& outputs, const std::vector<Tensor>& values, double tolerance) {
  std::vector<std::pair<Variable, Tensor>> bound;
  for (std::size_t k = 0; k < inputs.size(); ++k) bound.emplace_back(inputs[k], values[k]);
  const Results got = function({inputs.begin(), inputs.end()}, outputs).call(values);
  const std::vector<Tensor> wanted = reference::evaluate(outputs, bound);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    const std::vector<double> is = got[k].to_vector<double>(), should = wanted[k].to_vector<double>();
    CHECK(got[k].sizes() == wanted[k].sizes());
    for (std::size_t i = 0; i < should.size(); ++i) {
      INFO("output " << k << " element " << i << " of " << to_string(values[0].sizes()) << ": " << is[i] << " instead of " << should[i]);
      CHECK((std::isnan(should[i]) ? std::isnan(is[i]) : std::abs(is[i] - should[i]) <= tolerance * (1 + std::abs(should[i])) || is[i] == should[i]));
    }
  }
}

bool is_turned(const Variable& x, const Variable& y) { return function({x}, {y}).explain().find("transpose") != std::string::npos; }

const std::vector<std::int64_t> heights{0, 1, 15, 16, 17, 63, 64, 65, 131};

}  // namespace

TEST_CASE("rows of every short length") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const double tolerance = dtype == DType::float32 ? 3e-6 : 1e-14;
    for (const std::int64_t columns : {1, 2, 3, 5, 8, 10, 16, 17, 31}) {
      const Variable x = input(dtype, "x", {dim("rows"), columns}), w = input(dtype, "w", {columns}), b = input(dtype, "b", {dim("rows")});
      const Variable y = input<std::int32_t>("y", {dim("rows")});
      const std::vector<Variable> outputs{sum(x, 1), max(x, 1), argmax(x, 1), softmax(x), log(sum(exp(x), 1)) * b, x / sqrt(sum(x * x, 1, true) + 1) + w,
                                          categorical_crossentropy(softmax(x), y), grad(sum(categorical_crossentropy(softmax(x * w), y) * b), x)};
      for (const std::int64_t rows : heights)
        expect_reference({x, w, b, y}, outputs, {Tensor::randn(dtype, {rows, columns}, 1), Tensor::randn(dtype, {columns}, 2), Tensor::randn(dtype, {rows}, 3), Tensor::uniform(DType::int32, {rows}, 4, 0, static_cast<double>(columns))}, tolerance);
    }
  }
}

TEST_CASE("short rows of integers, of half precision and among NaNs") {
  for (const DType dtype : {DType::int8, DType::int32, DType::int64, DType::float16}) {
    const Variable x = input(dtype, "x", {67, 7});
    expect_reference({x}, {sum(x, 1), min(x, 1), argmax(x, 1), x - expand_dims(max(x, 1), 1)}, {Tensor::uniform(dtype, {67, 7}, 5, 0, 9)}, 1e-3);
  }
  const Variable x = input<float>("x", {70, 5});
  std::vector<float> values;
  for (int i = 0; i < 350; ++i) values.push_back(i % 11 == 0 ? std::nanf("") : i % 7 == 0 ? -std::numeric_limits<float>::infinity() : static_cast<float>(i % 5 - 2));
  expect_reference({x}, {max(x, 1), argmax(x, 1), min(x, 1), any(x > 0, 1)}, {Tensor(values).reshape({70, 5})}, 0);
}

TEST_CASE("short rows of more axes, of parts of rows, and of rows that lie otherwise") {
  const Variable m = input<double>("m", {dim("n"), 3, 3}), v = input<double>("v", {dim("n"), 3});
  const std::vector<Variable> outputs{sum(m * expand_dims(v, 1), 2), sum(m, {1, 2}), sum(v, 1) * sum(m, {1, 2}), m / expand_dims(sum(m * m, 2), 2)};
  for (const std::int64_t n : heights) expect_reference({m, v}, outputs, {Tensor::randn<double>({n, 3, 3}, 1), Tensor::randn<double>({n, 3}, 2)}, 1e-12);
  const Variable t = tensor3<float>("t"), x = input<float>("x", {dim("a"), dim("b"), 6});
  expect_reference({x}, {softmax(x), sum(x, 2), max(x, {1, 2})}, {Tensor::randn<float>({3, 65, 6}, 3)}, 1e-5);
  const Variable across = input<float>("across", {6, dim("b")}), wide = input<float>("wide", {dim("b"), 9});
  expect_reference({across, wide}, {sum(transpose(across), 1), softmax(transpose(across)) * sum(index(wide, {slice(), slice(2, 5)}), 1, true), sum(index(wide, {slice(), slice({}, {}, -1)}) * wide, 1), max(take(wide, arange(3), 1), 1)},
                   {Tensor::randn<float>({6, 67}, 4), Tensor::randn<float>({67, 9}, 5)}, 1e-5);
}

TEST_CASE("results of short rows that later passes read") {
  const Variable x = input<double>("x", {dim("rows"), 5}), e = exp(-(x * x)), s = sum(e, 1, true);
  for (const std::int64_t rows : heights) expect_reference({x}, {e, argmax(e, 1), e / s, s, max(e / s, 1)}, {Tensor::randn<double>({rows, 5}, 1)}, 1e-14);
}

TEST_CASE("short rows of state, in its own place") {
  const Tensor start = Tensor::uniform(DType::float64, {131, 5}, 1, 1, 2);
  const Shared state = shared("state", start);
  const Variable s = matrix<double>("s");
  const Function f = function({}, {}, {.updates = {{state, state / sum(state, 1, true)}}});
  CHECK(f.memory({}).spare == 0);
  f();
  const Tensor wanted = reference::evaluate(s / sum(s, 1, true), {{s, start}});
  CHECK_THAT(state.value().to_vector<double>(), Catch::Approx(wanted.to_vector<double>()).epsilon(1e-14));
}

TEST_CASE("rows are turned where they are short") {
  const Variable x = input<float>("x", {dim("rows"), 5}), few = input<float>("few", {3, 5}), wide = input<float>("wide", {dim("rows"), 100});
  CHECK(is_turned(x, softmax(x)));
  CHECK(is_turned(x, argmax(x, 1)));
  CHECK_FALSE(is_turned(few, softmax(few)));
  CHECK_FALSE(is_turned(wide, softmax(wide)));
  CHECK_FALSE(is_turned(x, x * 2));
}

TEST_CASE("sums over adjacent axes run as one loop") {
  const Variable x = input<float>("x", {128, 10});
  CHECK(function({x}, {sum(x * x + 1)}).explain().find(".. 1280") != std::string::npos);
  const Variable c = tensor3<double>("c"), d = tensor3<double>("d"), row = vector<double>("row");
  const std::vector<Variable> outputs{sum(c), sum(c * d), sum(c, {1, 2}), sum(c, {0, 1}), max(c, {1, 2}), max(abs(c)), sum(c * row), sum(transpose(c, {0, 2, 1}) * transpose(d, {0, 2, 1})),
                                      sum(transpose(c) * 2), sum(c[slice(1)]), sum(c * expand_dims(cast(arange(c.dim(1)), DType::float64), 1)), all(c < d), mean(c * c, {1, 2})};
  for (const Sizes& sizes : {Sizes{1, 1, 1}, {3, 5, 7}, {2, 1, 31}, {4, 17, 1}, {5, 16, 16}, {0, 3, 2}})
    if (sizes[0] > 0)
      expect_reference({c, d, row}, outputs, {Tensor::randn<double>(sizes, 1), Tensor::randn<double>(sizes, 2), Tensor::randn<double>({sizes[2]}, 3)}, 1e-12);
    else
      expect_reference({c}, {sum(c), sum(c, {1, 2})}, {Tensor::zeros<double>(sizes)}, 0);
}

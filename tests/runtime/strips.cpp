// Reductions over all rows in the kernel that goes through the rows, against the reference evaluator.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace theon;

namespace {

struct Case {
  std::vector<Variable> inputs, outputs;
};

std::size_t kernels(const Function& f) {
  const std::string loops = f.code(Code::loops);
  std::size_t count = 0;
  for (std::size_t at = loops.find("\nkernel "); at != std::string::npos; at = loops.find("\nkernel ", at + 1)) ++count;
  return count;
}

void expect_reference(const Case& all, const std::vector<Tensor>& values, double tolerance, FunctionOptions options = {}) {
  options.on_unused_input = OnUnusedInput::ignore;
  const Results got = function({all.inputs.begin(), all.inputs.end()}, all.outputs, options).call(values);
  reference::Arguments arguments;
  for (std::size_t k = 0; k < values.size(); ++k) arguments.emplace_back(all.inputs[k], values[k]);
  const std::vector<Tensor> wanted = reference::evaluate(all.outputs, arguments);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    INFO("output " << k << " of " << to_string(values[0].sizes()));
    REQUIRE(got[k].sizes() == wanted[k].sizes());
    const std::vector<double> a = got[k].to_vector<double>(), b = wanted[k].to_vector<double>();
    double size = 1;
    for (double e : b) size = std::max(size, std::abs(e));
    for (std::size_t i = 0; i < b.size(); ++i) REQUIRE(std::abs(a[i] - b[i]) <= tolerance * size);
  }
}

Variable unit(const Variable& x) {
  const Variable centred = x - mean(x, -1, true);
  return centred / sqrt(mean(sqr(centred), -1, true) + 1e-5);
}

/// The gradients of a layer norm of the last axis.
Case layer_norm(DType dtype, int rank) {
  const Variable x = input_of_rank(rank, dtype, "x"), slope = input(dtype, "slope", x.dims());
  const Variable gain = input(dtype, "gain", {x.dims().back()}), bias = input(dtype, "bias", {x.dims().back()});
  return {{x, slope, gain, bias}, grad(sum(slope * (unit(x) * gain + bias)), {x, gain, bias})};
}

std::vector<Tensor> arguments(DType dtype, const Sizes& sizes) {
  const Sizes row{sizes.back()};
  return {Tensor::randn(dtype, sizes, 1), Tensor::randn(dtype, sizes, 2), Tensor::randn(dtype, row, 3), Tensor::randn(dtype, row, 4)};
}

}  // namespace

TEST_CASE("gradients of a layer norm of every number and length of rows") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Case gradients = layer_norm(dtype, 2);
    for (const std::int64_t rows : {0, 1, 2, 15, 16, 17, 31, 67, 1031, 2053})
      for (const std::int64_t columns : {1, 2, 7, 31, 97, 256})
        expect_reference(gradients, arguments(dtype, {rows, columns}), dtype == DType::float32 ? 2e-4 : 1e-11);
    expect_reference(gradients, arguments(dtype, {5, 0}), 0);
  }
}

TEST_CASE("one kernel goes through the rows of the gradients of a layer norm, and one for each sum combines what their strips come to") {
  for (const int rank : {2, 3, 4}) {
    const Case all = layer_norm(DType::float32, rank);
    const Function f = function({all.inputs.begin(), all.inputs.end()}, all.outputs, {.on_unused_input = OnUnusedInput::ignore});
    CHECK(kernels(f) == 3);
    CHECK(f.explain().find("for reductions over all of them, combined afterwards") != std::string::npos);
  }
}

TEST_CASE("rows along several axes") {
  const Case cubes = layer_norm(DType::float64, 3), blocks = layer_norm(DType::float64, 4);
  for (const std::int64_t planes : {0, 1, 3, 17, 131})
    for (const std::int64_t rows : {0, 1, 5, 13}) {
      expect_reference(cubes, arguments(DType::float64, {planes, rows, 67}), 1e-11);
      expect_reference(blocks, arguments(DType::float64, {planes, 3, rows, 19}), 1e-11);
    }
}

TEST_CASE("sums, largest and smallest elements of what rows come to, and what follows them") {
  const Variable x = matrix<double>("x"), share = softmax(x);
  const Variable total = sum(share, 0);
  const Case all{{x}, {share, exp(-total) - total, max(share * x, 0), min(share - x, 0), any(share > 0.1, 0), sum(x, 0), total * 2}};
  for (const std::int64_t rows : {1, 3, 16, 33, 1030})
    for (const std::int64_t columns : {1, 5, 64, 67}) expect_reference(all, {Tensor::randn(DType::float64, {rows, columns}, 7)}, 1e-12);
}

TEST_CASE("rows and columns of one number, where a vector of the one could be taken for one of the other") {
  const Dim n = dim("n");
  const Variable x = input<double>("x", {n, n}), v = input<double>("v", {n});
  const Variable share = softmax(x), total = sum(share, 0);
  const Case all{{x, v}, {share * total, v * total, sum(share * v, 1), sum(share * expand_dims(v, 1), 0), total + sum(share, 1)}};
  for (const std::int64_t size : {1, 2, 16, 67, 130})
    expect_reference(all, {Tensor::randn(DType::float64, {size, size}, 1), Tensor::randn(DType::float64, {size}, 2)}, 1e-12);
}

TEST_CASE("known sizes, sums in a loop, and several threads") {
  const Variable x = input<float>("x", {600, 96}), slope = input<float>("slope", {600, 96});
  const Variable y = unit(x);
  const Case known{{x, slope}, {y, sum(y * slope, 0), max(y, 0)}};
  const std::vector<Tensor> values{Tensor::randn<float>({600, 96}, 1), Tensor::randn<float>({600, 96}, 2)};
  expect_reference(known, values, 2e-5);
  for (const int threads : {2, 3}) {
    const Case gradients = layer_norm(DType::float32, 2);
    const std::vector<Tensor> large = arguments(DType::float32, {1031, 521});
    const std::vector<In> in(gradients.inputs.begin(), gradients.inputs.end());
    const Results one = function(in, gradients.outputs, {.on_unused_input = OnUnusedInput::ignore}).call(large);
    const Results many = function(in, gradients.outputs, {.on_unused_input = OnUnusedInput::ignore, .threads = threads}).call(large);
    for (std::size_t k = 0; k < one.size(); ++k) CHECK(one[k].to_vector<float>() == many[k].to_vector<float>());
  }
}

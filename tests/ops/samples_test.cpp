// Every sample, evaluated by the reference evaluator, against its oracle: values and derivatives.
#include <theon/gradient.h>

#include "src/reference/evaluate.h"
#include "tests/samples/samples.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace theon;
using namespace theon::samples;
using reference::Arguments;
using reference::evaluate;

namespace {

Arguments arguments(std::span<const Variable> inputs, const std::vector<Tensor>& values) {
  Arguments list;
  for (std::size_t i = 0; i < values.size(); ++i) list.emplace_back(inputs[i], values[i]);
  return list;
}

std::vector<Array> arrays(const std::vector<Tensor>& values) {
  std::vector<Array> result;
  for (const Tensor& value : values) result.push_back(array_of(value));
  return result;
}

long double inner_product(const Array& a, const Array& b) {
  long double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) sum += a.values[i] * b.values[i];
  return sum;
}

/// d <weights, oracle> / d element of an input, by a central difference in long double.
long double slope(const Sample& sample, std::size_t input, std::size_t element, const Array& weights) {
  const long double step = 1e-6L;
  std::vector<Array> left = arrays(sample.inputs), right = left;
  left[input].values[element] -= step;
  right[input].values[element] += step;
  return (inner_product(weights, sample.oracle(right)) - inner_product(weights, sample.oracle(left))) / (2 * step);
}

Array slopes(const Sample& sample, std::size_t input, const Array& weights) {
  Array result{sample.inputs[input].sizes(), {}};
  for (std::int64_t i = 0; i < sample.inputs[input].size(); ++i)
    result.values.push_back(slope(sample, input, i, weights));
  return result;
}

/// The graph of a sample and the values of its inputs.
struct Built {
  explicit Built(const Sample& sample, Sizing sizing)
      : inputs(inputs_of(sample, sizing)), output(sample.build(inputs)), values(arguments(inputs, sample.inputs)) {}
  std::vector<Variable> inputs;
  Variable output;
  Arguments values;
};

bool has_derivatives(const Sample& sample, const Built& built) {
  return sample.differentiable && is_floating(built.output.dtype());
}

/// The input moved along a direction.
Arguments moved(const Built& built, std::size_t input, const Tensor& direction, double step) {
  Arguments arguments = built.values;
  Tensor& x = arguments[input].second;
  x = x.copy();
  const std::vector<double> v = direction.to_vector<double>();
  for (std::size_t i = 0; i < v.size(); ++i) x.mutable_data<double>()[i] += step * v[i];
  return arguments;
}

Tensor random_like(const Tensor& x, std::uint64_t seed) { return Tensor::randn(x.dtype(), x.sizes(), seed); }

}  // namespace

TEST_CASE("every op is worth what its oracle says") {
  for (const Sample& sample : all_samples())
    for (const Sizing sizing : {Sizing::known, Sizing::symbolic}) {
      INFO(sample.name);
      const Built built(sample, sizing);
      const Tensor got = evaluate(built.output, built.values);
      CHECK(got.dtype() == built.output.dtype());
      CHECK(are_close(array_of(got), sample.oracle(arrays(sample.inputs)), 16 * precision(sample, got.dtype())));
    }
}

TEST_CASE("every gradient is the slope of the oracle") {
  for (const Sample& sample : all_samples())
    for (const Sizing sizing : {Sizing::known, Sizing::symbolic}) {
      INFO(sample.name);
      const Built built(sample, sizing);
      if (!has_derivatives(sample, built)) continue;
      const Tensor weights = random_like(evaluate(built.output, built.values), 11);
      const Variable u = constant(weights);
      for (std::size_t i = 0; i < built.inputs.size(); ++i) {
        const Tensor got = evaluate(vjp(built.output, built.inputs[i], u), built.values);
        CHECK(got.dtype() == sample.inputs[i].dtype());
        CHECK(are_close(array_of(got), slopes(sample, i, array_of(weights)),
                        std::max(1e-9L, 64 * precision(sample, got.dtype()))));
      }
    }
}

TEST_CASE("pulling back and pushing forward are adjoint") {
  for (const Sample& sample : all_samples()) {
    INFO(sample.name);
    const Built built(sample, Sizing::symbolic);
    if (!has_derivatives(sample, built)) continue;
    const Tensor u = random_like(evaluate(built.output, built.values), 12);
    for (std::size_t i = 0; i < built.inputs.size(); ++i) {
      const Tensor v = random_like(sample.inputs[i], 13);
      const Tensor Jv = evaluate(jvp(built.output, built.inputs[i], constant(v)), built.values);
      const Tensor uJ = evaluate(vjp(built.output, built.inputs[i], constant(u)), built.values);
      CHECK(Jv.sizes() == u.sizes());
      CHECK(is_close(inner_product(array_of(u), array_of(Jv)), inner_product(array_of(uJ), array_of(v)),
                     256 * precision(sample, u.dtype())));
    }
  }
}

TEST_CASE("every second derivative is the slope of the first") {
  for (const Sample& sample : all_samples()) {
    INFO(sample.name);
    const Built built(sample, Sizing::symbolic);
    if (!has_derivatives(sample, built) || sample.inputs[0].dtype() != DType::float64) continue;
    const Variable u = constant(random_like(evaluate(built.output, built.values), 14));
    for (std::size_t i = 0; i < built.inputs.size(); ++i) {
      const Tensor v = random_like(sample.inputs[i], 15);
      const Variable gradient = vjp(built.output, built.inputs[i], u);
      Array slopes = array_of(evaluate(gradient, moved(built, i, v, 1e-5)));
      const Array left = array_of(evaluate(gradient, moved(built, i, v, -1e-5)));
      for (std::size_t k = 0; k < slopes.values.size(); ++k)
        slopes.values[k] = (slopes.values[k] - left.values[k]) / 2e-5L;
      const Array got = array_of(evaluate(jvp(gradient, built.inputs[i], constant(v)), built.values));
      CHECK(are_close(got, slopes, 1e-6L));
    }
  }
}

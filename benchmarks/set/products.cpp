#include "benchmarks/set/formulas.h"

#include <numbers>

namespace theon::benchmarks {

namespace {

constexpr double rate = 0.01;

Formula product(bool transposed_a, bool transposed_b) {
  return of([=](const Inputs& x) { return dot(transposed_a ? x[0].T() : x[0], transposed_b ? x[1].T() : x[1]); });
}

template <class F>
Formula layer(F activation) {
  return of([=](const Inputs& x) { return activation(dot(x[0], x[1]) + x[2]); });
}

Variable gelu(const Variable& x) { return 0.5 * x * (1 + erf(x / std::numbers::sqrt2)); }

/// [count, i, j] [count, j, k], by definition.
Variable batched(const Variable& a, const Variable& b) { return sum(expand_dims(a, 3) * expand_dims(b, 1), 2); }

Variable every_second(const Variable& x, int axis) {
  std::vector<Index> indices(3, slice());
  indices[axis] = slice(0, {}, 2);
  return index(x, indices);
}

}  // namespace

Formulas product_formulas() {
  return {
      {"L1.nn", product(false, false)},
      {"L1.nt", product(false, true)},
      {"L1.tn", product(true, false)},
      {"L1.tt", product(true, true)},
      {"L2.nn", product(false, false)},
      {"L2.tn", product(true, false)},
      {"L3.bias_relu", layer([](const Variable& x) { return relu(x); })},
      {"L3.bias_tanh", layer([](const Variable& x) { return tanh(x); })},
      {"L3.bias_gelu", layer(gelu)},
      {"L3.backward_tanh", of([](const Inputs& x) { return dot(x[0], x[1].T()) * (1 - x[2] * x[2]); })},
      {"L3.update", updating({0}, [](const Inputs& x) { return Inputs{x[0] - rate * dot(x[1].T(), x[2])}; })},
      {"L4.gemv", of([](const Inputs& x) { return dot(x[0], x[1]); })},
      {"L4.gemv_t", of([](const Inputs& x) { return dot(x[0].T(), x[1]); })},
      {"L4.outer", updating({0}, [](const Inputs& x) { return Inputs{x[0] - expand_dims(rate * x[1], 1) * x[2]}; })},
      {"L5.batched", of([](const Inputs& x) { return batched(x[0], x[1]); })},
      {"L5.strided", of([](const Inputs& x) { return batched(every_second(x[0], 2), every_second(x[1], 1)); })},
      {"L6.chain", of([](const Inputs& x) { return dot(dot(x[0], x[1]), x[2]); })},
      {"L6.gram", of([](const Inputs& x) { return dot(x[0].T(), x[0]); })},
      {"L6.transposed", of([](const Inputs& x) { return dot(x[0], x[1]).T(); })},
      {"L6.shifted_gram", of([](const Inputs& x) { return dot(x[0], x[0].T()) + 0.5 * x[1]; })},
  };
}

}  // namespace theon::benchmarks

#include "benchmarks/set/formulas.h"

namespace theon::benchmarks {

namespace {

constexpr double epsilon = 1e-5;

Variable weighted_variance(const Variable& x, const Variable& w) {
  const Variable total = sum(w), centre = sum(w * x) / total;
  return sum(w * sqr(x - centre)) / total;
}

Variable layernorm(const Variable& x, const Variable& gain, const Variable& bias) {
  const Variable centred = x - mean(x, -1, true);
  return centred / sqrt(mean(sqr(centred), -1, true) + epsilon) * gain + bias;
}

Variable rmsnorm(const Variable& x, const Variable& gain) { return x / sqrt(mean(sqr(x), -1, true) + epsilon) * gain; }

/// The derivatives of a formula of all inputs but the first by `wrt`, for the first as cotangent.
Inputs pulled_back(const Variable& y, const Inputs& x, const Inputs& wrt) { return grad(sum(x[0] * y), wrt); }

Inputs crossentropy(const Inputs& x) {
  const Variable value = mean(categorical_crossentropy(softmax(x[0]), x[1]));
  return {value, grad(value, x[0])};
}

Formula summed(Axes axes) {
  return of([=](const Inputs& x) { return sum(x[0], axes); });
}

}  // namespace

Formulas reduction_formulas() {
  return {
      {"R1.sum_all", summed({})},
      {"R1.sum_rows", summed(1)},
      {"R1.sum_columns", summed(0)},
      {"R1.mean_rows", of([](const Inputs& x) { return mean(x[0], 1); })},
      {"R1.max_rows", of([](const Inputs& x) { return max(x[0], 1); })},
      {"R1.max_columns", of([](const Inputs& x) { return max(x[0], 0); })},
      {"R1.argmax_rows", of([](const Inputs& x) { return argmax(x[0], 1); })},
      {"R1.argmax_columns", of([](const Inputs& x) { return argmax(x[0], 0); })},
      {"R1.sum_axis0", summed(0)},
      {"R1.sum_axis1", summed(1)},
      {"R1.sum_axis2", summed(2)},
      {"R2.distance", of([](const Inputs& x) { return sum(sqr(x[0] - x[1])); })},
      {"R2.dot", of([](const Inputs& x) { return dot(x[0], x[1]); })},
      {"R2.variance", of([](const Inputs& x) { return weighted_variance(x[0], x[1]); })},
      {"R3.logsumexp", of([](const Inputs& x) { return logsumexp(x[0]); })},
      {"R3.softmax", of([](const Inputs& x) { return softmax(x[0]); })},
      {"R3.log_softmax", of([](const Inputs& x) { return log_softmax(x[0]); })},
      {"R3.crossentropy", of_list(crossentropy)},
      {"M4.crossentropy", of_list(crossentropy)},
      {"R4.layernorm", of([](const Inputs& x) { return layernorm(x[0], x[1], x[2]); })},
      {"R4.layernorm_grad", of_list([](const Inputs& x) {
         return pulled_back(layernorm(x[1], x[2], x[3]), x, {x[1], x[2], x[3]});
       })},
      {"R4.rmsnorm", of([](const Inputs& x) { return rmsnorm(x[0], x[1]); })},
      {"R4.rmsnorm_grad", of_list([](const Inputs& x) {
         return pulled_back(rmsnorm(x[1], x[2]), x, {x[1], x[2]});
       })},
      {"R6.sigmoid_gemv", of([](const Inputs& x) { return sum(sigmoid(dot(x[0], x[1]))); })},
      {"R6.sigmoid_gemm", of([](const Inputs& x) { return sum(sigmoid(dot(x[0], x[1])), 0); })},
  };
}

}  // namespace theon::benchmarks

#include "benchmarks/set/formulas.h"

namespace theon::benchmarks {

namespace {

constexpr double rate = 0.01;

/// A step of gradient descent; the parameters are the inputs behind the batch and its labels.
template <class Loss>
Formula descent(std::vector<std::size_t> parameters, Loss loss) {
  const auto step = [=](const Inputs& x) {
    const Variable value = loss(x);
    const Inputs wrt(x.begin() + 2, x.end());
    const std::vector<Variable> slopes = grad(value, wrt);
    Computed computed{.results = {value}};
    for (std::size_t i = 0; i < wrt.size(); ++i) computed.states.push_back(wrt[i] - rate * slopes[i]);
    return computed;
  };
  return {step, std::move(parameters)};
}

Variable crossentropy(const Variable& scores, const Variable& labels) {
  return mean(categorical_crossentropy(softmax(scores), labels));
}

Variable regression_loss(const Inputs& x) { return crossentropy(dot(x[0], x[2]) + x[3], x[1]); }
Variable network_loss(const Inputs& x) { return crossentropy(dot(tanh(dot(x[0], x[2]) + x[3]), x[4]) + x[5], x[1]); }
Variable binary_loss(const Inputs& x) {
  const Variable scores = dot(x[0], x[2]) + x[3];
  return mean(softplus(scores) - x[1] * scores) + 0.01 * sum(sqr(x[2]));
}

Inputs momentum(const Inputs& x) {
  const Variable velocity = 0.9 * x[2] + x[0];
  return {x[1] - rate * velocity, velocity};
}

/// The first step of Adam (Kingma and Ba, 2015), where the bias corrections are 1 - 0.9 and 1 - 0.999.
Inputs adam(const Inputs& x) {
  const Variable first = 0.9 * x[2] + 0.1 * x[0], second = 0.999 * x[3] + 0.001 * x[0] * x[0];
  return {x[1] - rate * (first / 0.1) / (sqrt(second / 0.001) + 1e-8), first, second};
}

Inputs shrunk(const Inputs& x) {
  Inputs states;
  for (const Variable& parameter : x) states.push_back(parameter - rate * parameter);
  return states;
}

}  // namespace

Formulas training_formulas() {
  const Formula network = descent({2, 3, 4, 5}, network_loss);
  return {
      {"T1.regression", descent({2, 3}, regression_loss)},
      {"T1b.binary", descent({2, 3}, binary_loss)},
      {"T2.network", network},
      {"M2.network", network},
      {"M6.steady_calls", network},
      {"T8.sgd", updating({1}, [](const Inputs& x) { return Inputs{x[1] - rate * x[0]}; })},
      {"T8.momentum", updating({1, 2}, momentum)},
      {"T8.adam", updating({1, 2, 3}, adam)},
      {"O2.updates", updating({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, shrunk)},
  };
}

}  // namespace theon::benchmarks

#include "benchmarks/set/graphs.h"

#include <cmath>
#include <cstddef>
#include <random>
#include <span>
#include <string>

namespace theon::benchmarks {

namespace {

constexpr std::size_t window = 12;

Variable operation(unsigned which, const Variable& x, const Variable& y) {
  switch (which) {
    case 0:
      return x + y;
    case 1:
      return x * y;
    case 2:
      return x - y;
    case 3:
      return maximum(x, y);
    case 4:
      return exp(x);
    case 5:
      return log(x);
    default:
      return tanh(x);
  }
}

/// Uniform in +-sqrt(6 / (rows + columns)), after Glorot and Bengio (2010).
Tensor initial_weights(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  const double bound = std::sqrt(6.0 / static_cast<double>(rows + columns));
  return Tensor::uniform<float>({rows, columns}, seed, -bound, bound);
}

}  // namespace

RandomGraph random_graph(std::int64_t nodes, DType dtype) {
  const Dim n = dim("n");
  std::vector<Variable> made;
  for (int i = 0; i < 4; ++i) made.push_back(input(dtype, "x" + std::to_string(i), {n}));
  const std::vector<Variable> inputs = made;

  std::mt19937 random(1);
  const auto recent = [&] { return made[made.size() - 1 - random() % std::min(window, made.size())]; };
  for (std::int64_t i = 0; i < nodes; ++i) {
    const unsigned which = random() % 7;
    const Variable x = recent(), y = recent();
    made.push_back(operation(which, x, y));
  }
  return {inputs, add_n(std::span(made).last(window))};
}

Classifier tanh_network() {
  Variable x = matrix<float>("x"), t = vector<std::int32_t>("t");
  Shared w1 = shared("w1", initial_weights(784, 500, 1)), b1 = shared("b1", Tensor::zeros<float>({500}));
  Shared w2 = shared("w2", initial_weights(500, 10, 2)), b2 = shared("b2", Tensor::zeros<float>({10}));
  const Variable scores = dot(tanh(dot(x, w1) + b1), w2) + b2;
  return {x, t, mean(categorical_crossentropy(softmax(scores), t)), {w1, b1, w2, b2}};
}

Function training_step(const Classifier& model, float rate) {
  const std::vector<Variable> gradients =
      grad(model.cost, std::vector<Variable>(model.parameters.begin(), model.parameters.end()));
  std::vector<Update> updates;
  for (std::size_t i = 0; i < gradients.size(); ++i)
    updates.push_back({model.parameters[i], model.parameters[i] - rate * gradients[i]});
  return function({model.x, model.t}, {model.cost}, {.updates = updates, .name = "train"});
}

}  // namespace theon::benchmarks

// Handwritten digits, after the Deep Learning Tutorials: softmax regression, then a network with one hidden layer of
// 500 tanh units, both trained by minibatch gradient descent on data that stays with the function.
//
//   mnist [--data DIR] [--epochs N]
#include <theon/theon.h>

#include "examples/mnist_data.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace theon;

namespace {

struct Options {
  std::string data = "examples/data";
  int regression_epochs = 60, network_epochs = 40;
};

Options parse(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const bool has_value = i + 1 < count;
    if (word == "--data" && has_value)
      options.data = words[++i];
    else if (word == "--epochs" && has_value)
      options.regression_epochs = options.network_epochs = std::atoi(words[++i]);
    else {
      std::fprintf(stderr, "usage: %s [--data DIR] [--epochs N]\n", words[0]);
      std::exit(2);
    }
  }
  return options;
}

/// Images and labels as shared variables: a minibatch is a slice of them.
struct SharedDigits {
  Shared images, labels;
  std::int64_t count;

  SharedDigits(const std::string& name, const Digits& digits)
      : images(shared(name + "_images", Tensor::of<float>(digits.images, {digits.count, Digits::pixels}))),
        labels(shared(name + "_labels", Tensor(digits.labels))),
        count(digits.count) {}
};

struct Model {
  std::string name;
  Variable probabilities;
  std::vector<Shared> parameters;
  float rate;
  int batch;
};

/// Uniform in +-sqrt(6 / (inputs + outputs)), after Glorot and Bengio (2010).
Tensor initial_weights(std::int64_t inputs, std::int64_t outputs, std::uint64_t seed) {
  const double bound = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
  return Tensor::uniform<float>({inputs, outputs}, seed, -bound, bound);
}

Model softmax_regression(const Variable& x) {
  Shared w = shared("w", Tensor::zeros<float>({784, 10})), b = shared("b", Tensor::zeros<float>({10}));
  return {"softmax regression", softmax(dot(x, w) + b), {w, b}, 0.13f, 600};
}

Model tanh_network(const Variable& x) {
  Shared w1 = shared("w1", initial_weights(784, 500, 1)), b1 = shared("b1", Tensor::zeros<float>({500}));
  Shared w2 = shared("w2", Tensor::zeros<float>({500, 10})), b2 = shared("b2", Tensor::zeros<float>({10}));
  Variable hidden = tanh(dot(x, w1) + b1);
  return {"784-500-10 tanh network", softmax(dot(hidden, w2) + b2), {w1, b1, w2, b2}, 0.1f, 20};
}

struct Outcome {
  double error, examples_per_second;
};

Outcome train(const Model& model, const Variable& x, const Variable& t, const SharedDigits& training,
              const SharedDigits& test, int epochs) {
  Variable cost = mean(categorical_crossentropy(model.probabilities, t));
  const std::vector<Variable> gradients =
      grad(cost, std::vector<Variable>(model.parameters.begin(), model.parameters.end()));
  std::vector<Update> updates;
  for (std::size_t i = 0; i < gradients.size(); ++i)
    updates.push_back({model.parameters[i], model.parameters[i] - model.rate * gradients[i]});

  Variable i = scalar<std::int64_t>("i");
  const Slice batch = slice(i * model.batch, (i + 1) * model.batch);
  Function step = function(
      {i}, {cost},
      {.updates = updates, .givens = {{x, training.images[batch]}, {t, training.labels[batch]}}, .name = "train"});
  Variable wrong = mean(cast<float>(argmax(model.probabilities, 1) != t));
  Function error = function({}, {wrong}, {.givens = {{x, test.images}, {t, test.labels}}, .name = "test"});

  Outcome outcome{};
  double seconds = 0;
  const std::int64_t batches = training.count / model.batch;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    double loss = 0;
    for (std::int64_t b = 0; b < batches; ++b) loss += step(b).item<float>();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    outcome = {100.0 * error().item<float>(), static_cast<double>(epoch * batches * model.batch) / seconds};
    std::printf("%s  epoch %2d  loss %.4f  test error %.2f %%  %.0f examples/s\n", model.name.c_str(), epoch,
                loss / static_cast<double>(batches), outcome.error, outcome.examples_per_second);
    std::fflush(stdout);
  }
  return outcome;
}

}  // namespace

int main(int count, char** words) {
  const Options options = parse(count, words);
  const Mnist mnist = load_mnist(options.data);
  const SharedDigits training("train", mnist.train), test("test", mnist.test);
  Variable x = matrix<float>("x");
  Variable t = vector<std::int32_t>("t");

  const Model regression = softmax_regression(x), network = tanh_network(x);
  const Outcome first = train(regression, x, t, training, test, options.regression_epochs);
  const Outcome second = train(network, x, t, training, test, options.network_epochs);
  std::printf("\n%-26s %12s %14s\n", "model", "test error", "examples/s");
  std::printf("%-26s %10.2f %% %14.0f\n", regression.name.c_str(), first.error, first.examples_per_second);
  std::printf("%-26s %10.2f %% %14.0f\n", network.name.c_str(), second.error, second.examples_per_second);
}

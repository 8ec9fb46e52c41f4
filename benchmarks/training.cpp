#include "benchmarks/agree.h"
#include "benchmarks/graphs.h"
#include "benchmarks/rivals/rivals.h"
#include "benchmarks/rows.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace theon::benchmarks {

namespace {

constexpr float rate = 0.01f;
constexpr std::int64_t inputs = 784, hidden = 500, classes = 10;
constexpr std::int64_t regression_batch = 600, network_batch = 60;

struct Batch {
  Tensor images, labels;
};

Batch random_batch(std::int64_t size) {
  return {Tensor::uniform<float>({size, inputs}, 3), Tensor::uniform<std::int32_t>({size}, 4, 0, classes)};
}

/// Copies of the parameters, and scratch memory, for the rival.
std::vector<Tensor> rival_memory(const Classifier& model, const std::vector<Sizes>& scratch) {
  std::vector<Tensor> memory;
  for (const Shared& parameter : model.parameters) memory.push_back(parameter.value());
  for (const Sizes& sizes : scratch) memory.push_back(Tensor::zeros<float>(sizes));
  return memory;
}

/// Steps of Theon's and of the rival's, which give the cost, on the same batch. The first few must agree.
Sides steps(const Classifier& model, const Batch& batch, const std::function<float()>& rival) {
  const Function train = training_step(model, rate);
  for (int step = 0; step < 5; ++step) expect_agreement(train(batch.images, batch.labels), rival(), 1e-4);
  return {.theon = calls([=] { train(batch.images, batch.labels); }), .rival = calls(rival)};
}

Sides regression() {
  const Classifier model = softmax_regression();
  const Batch batch = random_batch(regression_batch);
  std::vector<Tensor> memory = rival_memory(model, {{regression_batch, classes}});
  const auto at = [&](std::size_t i) { return memory[i].mutable_data<float>(); };
  RivalRegression rival{regression_batch, inputs, classes, at(0), at(1), at(2)};
  return steps(model, batch, [memory, rival, batch]() mutable {
    return rival_regression_step(&rival, batch.images.data<float>(), batch.labels.data<std::int32_t>(), rate);
  });
}

Sides network() {
  const Classifier model = tanh_network();
  const Batch batch = random_batch(network_batch);
  std::vector<Tensor> memory =
      rival_memory(model, {{network_batch, hidden}, {network_batch, hidden}, {network_batch, classes}});
  const auto at = [&](std::size_t i) { return memory[i].mutable_data<float>(); };
  RivalNetwork rival{network_batch, inputs, hidden, classes, at(0), at(1), at(2), at(3), at(4), at(5), at(6)};
  return steps(model, batch, [memory, rival, batch]() mutable {
    return rival_network_step(&rival, batch.images.data<float>(), batch.labels.data<std::int32_t>(), rate);
  });
}

/// Of products with `weights` numbers: forward and backward, and once more backward for all layers but the first.
/// Touched are the images once and the weights read and written.
Work work(double batch, double first_weights, double other_weights) {
  return {.flops = batch * (4 * first_weights + 6 * other_weights),
          .bytes = sizeof(float) * (batch * inputs + 2 * (first_weights + other_weights))};
}

}  // namespace

void training_rows(Report& report) {
  report.contest({.id = "training.network",
                  .what = "784-500-10 tanh network, batch 60 float32, training step",
                  .unit = microseconds,
                  .rival = "C, OpenBLAS",
                  .target = 1.15,
                  .work = work(network_batch, inputs * hidden, hidden * classes)},
                 network);
  report.contest({.id = "training.regression",
                  .what = "784-10 softmax regression, batch 600 float32, training step",
                  .unit = microseconds,
                  .rival = "C, OpenBLAS",
                  .target = 1,
                  .work = work(regression_batch, inputs * classes, 0)},
                 regression);
}

}  // namespace theon::benchmarks

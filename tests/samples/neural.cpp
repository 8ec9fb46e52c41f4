// Softmax and its relatives, against their formulas in long double.
#include <theon/ops.h>

#include "tests/samples/samples.h"
#include "tests/samples/shape_oracle.h"

#include <cmath>
#include <utility>

namespace theon::samples {

namespace {

using X = std::span<const Variable>;
using In = std::span<const Array>;

Tensor numbers(const Sizes& sizes, std::uint64_t seed = 1) { return Tensor::randn<double>(sizes, seed); }

/// The sum of exp over an axis of a matrix, at the place of `at`.
long double weight(const Array& x, Sizes at, int axis) {
  long double total = 0;
  for (at[axis] = 0; at[axis] < x.sizes[axis]; ++at[axis]) total += std::exp(element(x, at));
  return total;
}

Array softmax_of(const Array& x, int axis) {
  return tabulated(x.sizes, [&](const Sizes& at) { return std::exp(element(x, at)) / weight(x, at, axis); });
}

Array log_softmax_of(const Array& x, int axis) {
  return tabulated(x.sizes, [&](const Sizes& at) { return element(x, at) - std::log(weight(x, at, axis)); });
}

}  // namespace

std::vector<Sample> neural_samples() {
  const Tensor targets = Tensor::of<std::int64_t>({2, 0, 1}, {3});
  const auto picked_cost = [targets](In x) {
    return tabulated({3}, [&](const Sizes& at) { return -element(log_softmax_of(x[0], 1), {at[0], targets.data<std::int64_t>()[at[0]]}); });
  };
  return {
      {"softmax", [](X x) { return softmax(x[0]); }, {numbers({3, 4})}, [](In x) { return softmax_of(x[0], 1); }, true},
      {"softmax over rows", [](X x) { return softmax(x[0], 0); }, {numbers({3, 4})}, [](In x) { return softmax_of(x[0], 0); }, true},
      {"log_softmax", [](X x) { return log_softmax(x[0]); }, {numbers({3, 4})}, [](In x) { return log_softmax_of(x[0], 1); }, true},
      {"logsumexp", [](X x) { return logsumexp(x[0], 0); }, {numbers({3, 4})},
       [](In x) { return tabulated({4}, [&](const Sizes& at) { return std::log(weight(x[0], {0, at[0]}, 0)); }); }, true},
      {"logsumexp keeping dims", [](X x) { return logsumexp(x[0], -1, true); }, {numbers({3, 4})},
       [](In x) { return tabulated({3, 1}, [&](const Sizes& at) { return std::log(weight(x[0], at, 1)); }); }, true},
      {"categorical_crossentropy of classes", [targets](X x) { return categorical_crossentropy(softmax(x[0]), constant(targets)); }, {numbers({3, 4})},
       picked_cost, true},
      {"categorical_crossentropy of probabilities", [](X x) { return categorical_crossentropy(x[0], x[1]); },
       {Tensor::uniform<double>({3, 4}, 1, 0.1, 1), Tensor::uniform<double>({3, 4}, 2, 0.1, 1)},
       [](In x) {
         return tabulated({3}, [&](const Sizes& at) {
           long double cost = 0;
           for (std::int64_t j = 0; j < 4; ++j) cost -= element(x[1], {at[0], j}) * std::log(element(x[0], {at[0], j}));
           return cost;
         });
       },
       true},
  };
}

}  // namespace theon::samples

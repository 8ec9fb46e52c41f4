// Graphs of operations drawn at random, as native code and by the reference evaluator.
#include <theon/theon.h>

#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

using namespace theon;

namespace {

class Sketch {
 public:
  /// Inputs of ranks 0 to 3, of sizes where vectors end well or badly. Symbolic sizes are told apart by number: equal
  /// numbers are one symbol.
  Sketch(unsigned seed, bool symbolic, DType dtype) : random_(seed), dtype_(dtype) {
    for (int rank = 0; rank < 4; ++rank)
      for (int copy = 0; copy < (rank == 2 ? 2 : 1); ++copy) {
        Sizes sizes;
        Shape dims;
        for (int axis = 0; axis < rank; ++axis) {
          sizes.push_back(pick<std::int64_t>({1, 2, 3, 5, 8, 17}));
          dims.push_back(symbolic && sizes.back() > 1 ? symbol(sizes.back()) : Dim(sizes.back()));
        }
        inputs.push_back(input(dtype, "x" + std::to_string(inputs.size()), dims));
        values.push_back(Tensor::randn(dtype, sizes, seed * 10 + rank + 4 * copy));
        made_.push_back(inputs.back());
      }
  }

  void grow(int nodes) {
    for (int i = 0; i < nodes; ++i)
      if (Variable next = step(); !next.is_empty()) made_.push_back(next);
  }

  /// The last results, and the derivatives of one of them.
  std::vector<Variable> outputs() {
    std::vector<Variable> chosen(made_.end() - std::min<std::ptrdiff_t>(3, std::ssize(made_)), made_.end());
    const std::vector<Variable> slopes =
        grad(mean(sin(cast(made_.back(), DType::float64))), inputs, {.disconnected = Disconnected::zero});
    chosen.insert(chosen.end(), slopes.begin(), slopes.end());
    return chosen;
  }

  std::vector<Variable> inputs;
  std::vector<Tensor> values;

 private:
  template <class T>
  T pick(const std::vector<T>& list) {
    return list[random_() % list.size()];
  }

  Dim symbol(std::int64_t size) {
    for (const auto& [known, dim] : symbols_)
      if (known == size) return dim;
    symbols_.emplace_back(size, dim("n" + std::to_string(size)));
    return symbols_.back().second;
  }

  /// Something made before, rather late than early.
  Variable operand() { return made_[made_.size() - 1 - std::min<std::size_t>(random_() % made_.size(), random_() % made_.size())]; }
  Variable of_rank(int least) {
    for (int attempt = 0; attempt < 20; ++attempt)
      if (Variable x = operand(); x.ndim() >= least) return x;
    return inputs.back();
  }
  int axis_of(const Variable& x) { return static_cast<int>(random_() % static_cast<unsigned>(x.ndim())); }

  Variable step() {
    switch (random_() % 20) {
      case 0: return tanh(operand());
      case 1: return exp(-sqr(operand()));
      case 2: return sin(operand()) * cos(inputs[0]);
      case 3: return binary();
      case 4: return binary();
      case 5: return reduced();
      case 6: return reduced();
      case 7: return transposed();
      case 8: return flatten(of_rank(1));
      case 9: return sliced();
      case 10: return joined();
      case 11: return product();
      case 12: return cumsum(tanh(of_rank(1)), 0);
      case 13: return softmax(of_rank(1));
      case 14: return chosen();
      case 15: return gathered();
      case 16: return expand_dims(of_rank(1), 0);
      case 17: return outer();
      case 18: return indexed();
      case 19: return repeated();
    }
    return {};
  }

  Variable binary() {
    const Variable x = operand();
    for (int attempt = 0; attempt < 20; ++attempt) {
      const Variable y = operand();
      if (x.dims() != y.dims() && y.ndim() != 0) continue;
      switch (random_() % 5) {
        case 0: return x + y;
        case 1: return x - y * 0.5;
        case 2: return tanh(x) * y;
        case 3: return maximum(x, y);
        case 4: return x / (1 + sqr(y));
      }
    }
    return x + 1;
  }

  Variable reduced() {
    const Variable x = of_rank(1);
    const Axes axes = random_() % 4 == 0 ? Axes() : Axes(axis_of(x));
    const bool keepdims = random_() % 2;
    switch (random_() % 3) {
      case 0: return sum(tanh(x), axes, keepdims);
      case 1: return mean(x, axes, keepdims);
      default: return max(x, axes, keepdims);
    }
  }

  Variable transposed() {
    const Variable x = of_rank(2);
    std::vector<int> axes(x.ndim());
    for (int axis = 0; axis < x.ndim(); ++axis) axes[axis] = axis;
    std::shuffle(axes.begin(), axes.end(), random_);
    return transpose(x, axes);
  }

  Variable sliced() {
    const Variable x = of_rank(1);
    switch (random_() % 3) {
      case 0: return index(concatenate({x, x}, 0), {slice(1)}) * 0.5;
      case 1: return index(x, {slice({}, {}, -1)});
      default: return index(x, {slice({}, {}, 2)});
    }
  }

  Variable joined() {
    const Variable x = of_rank(1);
    return concatenate({x, tanh(x), x * 2}, axis_of(x));
  }

  Variable product() {
    const Variable x = of_rank(2);
    if (x.ndim() != 2) return {};
    return random_() % 2 ? dot(x, x.T()) * 0.1 : dot(x.T(), tanh(x)) * 0.1;
  }

  Variable chosen() {
    const Variable x = operand();
    return where(x > 0, x, 0.1 * x);
  }

  Variable gathered() {
    const Variable x = of_rank(1);
    return take(x, arange(x.dim(0)) % 2 * 0, 0) + x;
  }

  Variable outer() {
    const Variable x = of_rank(1);
    if (x.ndim() != 1) return {};
    return expand_dims(x, 1) * expand_dims(tanh(x), 0);
  }

  Variable indexed() {
    const Variable x = of_rank(1);
    return cast(argmax(x, axis_of(x)), dtype_);
  }

  Variable repeated() {
    const Variable x = of_rank(1);
    Shape dims{Dim(3)};
    dims.insert(dims.end(), x.dims().begin(), x.dims().end());
    return x.ndim() < 3 ? broadcast_to(expand_dims(x, 0), dims) : Variable();
  }

  std::mt19937 random_;
  DType dtype_;
  std::vector<Variable> made_;
  std::vector<std::pair<std::int64_t, Dim>> symbols_;
};

double largest(const std::vector<double>& list) {
  double most = 1;
  for (double x : list)
    if (std::isfinite(x)) most = std::max(most, std::fabs(x));
  return most;
}

double difference(const Tensor& a, const Tensor& b) {
  if (a.sizes() != b.sizes() || a.dtype() != b.dtype()) return INFINITY;
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!(x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i])))) most = std::max(most, std::isnan(x[i] - y[i]) ? INFINITY : std::fabs(x[i] - y[i]));
  return most / largest(y);
}

void check_random(unsigned seed, bool symbolic, DType dtype) {
  Sketch sketch(seed, symbolic, dtype);
  sketch.grow(14);
  const std::vector<Variable> outputs = sketch.outputs();
  reference::Arguments arguments;
  for (std::size_t i = 0; i < sketch.inputs.size(); ++i) arguments.emplace_back(sketch.inputs[i], sketch.values[i]);
  const std::vector<Tensor> wanted = reference::evaluate(outputs, arguments);
  const Function f = function({sketch.inputs.begin(), sketch.inputs.end()}, outputs, {.on_unused_input = OnUnusedInput::ignore});
  const Results got = f.call(sketch.values);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    INFO("seed " << seed << (symbolic ? ", symbolic" : "") << ", output " << k << ": " << to_string(outputs[k]));
    CHECK(difference(got[k], wanted[k]) < (dtype == DType::float32 ? 2e-4 : 1e-10));
  }
}

}  // namespace

TEST_CASE("graphs drawn at random agree with the reference") {
  for (unsigned seed = 0; seed < 60; ++seed) check_random(seed, seed % 2, seed % 3 ? DType::float64 : DType::float32);
}

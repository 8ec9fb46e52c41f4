#include "benchmarks/set/overheads.h"

#include "benchmarks/set/graphs.h"
#include "benchmarks/set/start.h"
#include "optimizer/pipeline.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace theon::benchmarks {

namespace {

using Measure = std::function<Distribution(double budget)>;

Function increment() {
  Variable x = vector<double>("x");
  return function({x}, {x + 1});
}

Measure calling(std::function<void()> call) {
  return [call = std::move(call)](double budget) { return time_of(call, budget); };
}

std::function<void()> checked(std::int64_t n) {
  return [f = increment(), x = Tensor::ones<double>({n})] { f(x); };
}

std::function<void()> raw(std::int64_t n) {
  const Tensor from = Tensor::ones<double>({n}), to = Tensor::zeros<double>({n});
  return [call = increment().prepare({{n}}), from, to] {
    const void* const inputs[] = {from.raw()};
    void* const outputs[] = {to.raw()};
    call(inputs, outputs);
  };
}

/// Calls on one size after another.
std::function<void()> changing_sizes(std::int64_t n) {
  std::vector<Tensor> xs;
  for (std::int64_t k = 0; k < 64; ++k) xs.push_back(Tensor::ones<double>({n + k}));
  return [f = increment(), xs, k = std::size_t{0}]() mutable { f(xs[k++ % xs.size()]); };
}

Measure telling(Turn turn) {
  return [turn = std::move(turn)](double budget) { return times_told(turn, budget); };
}

/// A second compilation may be found in a cache; the first of a process also starts the compiler, so another goes
/// ahead.
Measure compiling(std::function<void()> compile) {
  return [compile = std::move(compile)](double) {
    increment();
    return exactly(seconds(compile));
  };
}

Measure on_graph(const Row& row, std::function<void(const RandomGraph&)> task) {
  return [=](double budget) {
    const RandomGraph graph = random_graph(row.extent(), *parse_dtype(row.dtype));
    return time_of([&] { task(graph); }, budget);
  };
}

void compile_graph(const Row& row) {
  const RandomGraph graph = random_graph(row.extent(), *parse_dtype(row.dtype));
  function({graph.inputs.begin(), graph.inputs.end()}, {graph.output}, {.on_unused_input = OnUnusedInput::ignore});
}

/// One step of a loop that only counts.
Measure counting(std::int64_t steps) {
  Variable start = scalar<double>("start");
  const ScanResult loop = scan({.from = {start}, .n_steps = steps}, [](Variable count) { return count + 1; });
  return [=, f = function({start}, loop.states)](double budget) {
    const auto [min, median, p90] = time_of([&] { f(0.0); }, budget);
    const auto n = static_cast<double>(steps);
    return Distribution{min / n, median / n, p90 / n};
  };
}

/// How many kernels a function has, each of which begins with a line.
double kernels(const Function& f) {
  const std::string text = f.code(Code::loops), heading = "\nkernel ";
  double count = 0;
  for (std::size_t at = text.find(heading); at != std::string::npos; at = text.find(heading, at + 1)) ++count;
  return count;
}

Function row_softmax() {
  Variable x = matrix<float>("x");
  return function({x}, {softmax(x)});
}

}  // namespace

std::function<Distribution(double budget)> overhead_of(const Row& row) {
  const std::int64_t n = row.extent();
  const std::string key = row.key();
  if (key == "O1.raw") return calling(raw(n));
  if (key == "O1.checked") return calling(checked(n));
  if (key == "O3.compile") return compiling([=] { compile_graph(row); });
  if (key == "O3.compile_step") return compiling([model = tanh_network()] { training_step(model, 0.01f); });
  if (key == "O4.build") return on_graph(row, [=](const RandomGraph&) { random_graph(n, *parse_dtype(row.dtype)); });
  if (key == "O4.rewrite") return on_graph(row, [](const RandomGraph& g) { optimize(Graph{g.inputs, {g.output}}); });
  if (key == "O4.gradient") return on_graph(row, [](const RandomGraph& g) { grad(sum(g.output), g.inputs); });
  if (key == "O5.second_process") return telling(second_process());
  if (key == "O6.other_size") return calling(changing_sizes(n));
  if (key == "limit.cold_start") return telling(cold_start());
  if (key == "limit.cached_start") return telling(cached_start());
  if (key == "limit.scan_step") return counting(n);
  if (key == "limit.softmax_kernels") return [](double) { return exactly(kernels(row_softmax())); };
  return nullptr;
}

}  // namespace theon::benchmarks

#include "benchmarks/set/overheads.h"

#include "benchmarks/graphs.h"
#include "benchmarks/measure.h"
#include "optimizer/pipeline.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
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

Measure on_graph(std::int64_t nodes, std::function<void(const RandomGraph&)> task) {
  return [=](double budget) {
    const RandomGraph graph = random_graph(static_cast<int>(nodes), Vocabulary::functions);
    return time_of([&] { task(graph); }, budget);
  };
}

void compile_graph(std::int64_t nodes) {
  const RandomGraph graph = random_graph(static_cast<int>(nodes), Vocabulary::functions);
  function({graph.inputs.begin(), graph.inputs.end()}, {graph.output}, {.on_unused_input = OnUnusedInput::ignore});
}

void compile_step() { training_step(tanh_network(), 0.01f); }

}  // namespace

Row row_of(const std::string& id) {
  std::array<std::string, 4> fields;
  std::size_t at = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    const std::size_t dot = id.find('.', at);
    fields[k] = id.substr(at, dot - at);
    at = dot + 1;
  }
  fields[3] = id.substr(at);
  return {fields[0], fields[1], fields[2], fields[3]};
}

std::function<Distribution(double budget)> overhead_of(const Row& row) {
  const auto n = static_cast<std::int64_t>(row.extent());
  const std::string key = row.key();
  if (key == "O1.raw") return calling(raw(n));
  if (key == "O1.checked") return calling(checked(n));
  if (key == "O3.compile") return calling([=] { compile_graph(n); });
  if (key == "O3.compile_step") return calling(compile_step);
  if (key == "O4.build")
    return on_graph(n, [=](const RandomGraph&) { random_graph(static_cast<int>(n), Vocabulary::functions); });
  if (key == "O4.rewrite") return on_graph(n, [](const RandomGraph& g) { optimize(Graph{g.inputs, {g.output}}); });
  if (key == "O4.gradient") return on_graph(n, [](const RandomGraph& g) { grad(sum(g.output), g.inputs); });
  if (key == "O6.other_size") return calling(changing_sizes(n));
  return nullptr;
}

}  // namespace theon::benchmarks

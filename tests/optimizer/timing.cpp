// How long optimisation takes, a node: run `test_optimizer "[.timing]"`, with MOST=10000 up to that many nodes, with STEPS=1
// step by step.
#include <theon/gradient.h>

#include "optimizer/pipeline.h"
#include "src/graph/traversal.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace theon;

namespace {

using Random = std::mt19937_64;

Variable chain(int nodes) {
  const Variable a = vector<double>("a"), b = input<double>("b", a.dims());
  Variable v = a;
  for (int i = 0; i < nodes; i += 4) v = tanh(v + b) * a - 1;
  return v;
}

/// Operands among the last twelve nodes.
Variable random_graph(int nodes, bool has_functions) {
  Random random(7);
  std::vector<Variable> last;
  const Variable first = vector<double>("x0");
  last.push_back(first);
  for (int i = 1; i < 12; ++i) last.push_back(input<double>("x" + std::to_string(i), first.dims()));
  for (int i = 0; i < nodes; ++i) {
    const Variable &x = last[random() % last.size()], &y = last[random() % last.size()];
    const auto made = [&]() -> Variable {
      switch (random() % (has_functions ? 7 : 4)) {
        case 0: return x + y;
        case 1: return x * y;
        case 2: return x - y;
        case 3: return maximum(x, y);
        case 4: return exp(x);
        case 5: return log(x);
        default: return tanh(x);
      }
    };
    last.push_back(made());
    last.erase(last.begin());
  }
  return add_n(last, Location::here());
}

Variable doubled(int times) {
  Variable x = vector<double>("x");
  for (int i = 0; i < times; ++i) x = x + x;
  return x;
}

Graph of(const Variable& x) { return {leaves(std::span(&x, 1)), {x}}; }

Graph with_gradient(const Variable& x) {
  Graph graph = of(x);
  for (const Variable& slope : grad(sum(x), graph.inputs)) graph.outputs.push_back(slope);
  return graph;
}

void report(const std::string& what, const Graph& graph) {
  const std::size_t nodes = toposort(graph.outputs).size();
  const auto begin = std::chrono::steady_clock::now();
  const Optimized result = optimize(graph);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("%-28s %7zu nodes -> %7zu  %8.1f ms  %6.2f us a node\n", what.c_str(), nodes,
              toposort(result.graph.outputs).size(), 1e3 * seconds.count(), 1e6 * seconds.count() / static_cast<double>(nodes));
  if (!std::getenv("STEPS")) return;
  for (const StepRecord& step : result.trace)
    std::printf("    %-40s %8.1f ms  %7zu -> %7zu  %zu firings\n", step.name.c_str(), 1e3 * step.seconds, step.nodes_before,
                step.nodes_after, step.firings.size());
}

}  // namespace

TEST_CASE("time of optimisation", "[.timing]") {
  optimize(exp(vector<double>("x")));
  const char* most = std::getenv("MOST");
  for (int nodes = 1000; nodes <= (most ? std::atoi(most) : 100'000); nodes *= 10) {
    report("chain", of(chain(nodes)));
    report("sums, products, maxima", of(random_graph(nodes, false)));
    report("functions too", of(random_graph(nodes, true)));
    report("chain and gradient", with_gradient(chain(nodes / 4)));
    report("products and gradient", with_gradient(random_graph(nodes / 4, false)));
    report("functions and gradient", with_gradient(random_graph(nodes / 4, true)));
  }
  report("x + x, sixty times", of(doubled(60)));
}

#include "benchmarks/graphs.h"
#include "benchmarks/rows.h"

#include <functional>
#include <utility>

namespace theon::benchmarks {

namespace {

/// Seconds from function(...) to the callable; taking the callable down again is not part of it.
Turn compilation(std::function<Function()> compile) {
  return [compile = std::move(compile)] {
    std::vector<Function> kept;
    return seconds([&] { kept.push_back(compile()); });
  };
}

Turn ten_operations() {
  Variable a = vector<float>("a"), b = vector<float>("b"), c = vector<float>("c");
  Variable y = sqrt(abs((a + b) * c - a) + 1) * exp(-(b * b));
  return compilation([=] { return function({a, b, c}, {y}); });
}

Turn network_step() {
  const Classifier model = tanh_network();
  return compilation([=] { return training_step(model, 0.1f); });
}

std::function<Turn()> graph_of(int nodes, Vocabulary vocabulary) {
  return [=] {
    const RandomGraph graph = random_graph(nodes, vocabulary);
    const std::vector<In> inputs(graph.inputs.begin(), graph.inputs.end());
    return compilation([=] { return function(inputs, {graph.output}); });
  };
}

}  // namespace

void compile_rows(Report& report) {
  report.trial("compile.ten", "compile an elementwise function of ten operations", milliseconds, 0.010, ten_operations);
  report.trial("compile.network", "gradient and compilation of the network's training step", milliseconds, 0.150,
               network_step);
  report.trial("compile.graph.1000", "compile 1,000 nodes of add, mul, sub, max", milliseconds, 0.150,
               graph_of(1'000, Vocabulary::arithmetic));
  report.trial("compile.functions.1000", "compile 1,000 nodes, with exp, log, tanh too", milliseconds, 0.400,
               graph_of(1'000, Vocabulary::functions));
  report.trial("compile.graph.10000", "compile 10,000 nodes of add, mul, sub, max", milliseconds, 2,
               graph_of(10'000, Vocabulary::arithmetic));
}

}  // namespace theon::benchmarks

#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"
#include "src/ops/elementwise.h"

namespace theon {

namespace {

/// The terms of `x - y`, of a sum that can be written so; empty for any other node.
std::vector<Operand> difference(const Apply& node, const std::vector<Variable>& terms) {
  if (terms.size() != 2 || !is_elementwise(node.output(0), "add")) return {};
  for (const std::size_t k : {1, 0})
    if (is_elementwise(terms[k], "neg")) return {terms[1 - k], terms[k].owner()->inputs[0]};
  return {};
}

}  // namespace

Graph write_differences(const Graph& graph) {
  const auto remake = [](const Apply& node, std::vector<Variable> inputs) {
    const std::vector<Operand> terms = difference(node, inputs);
    return terms.empty() ? rebuild(node, std::move(inputs)) : std::vector{elementwise("sub", terms, node.where)};
  };
  return {graph.inputs, rebuild_graph(graph.outputs, remake)};
}

}  // namespace theon

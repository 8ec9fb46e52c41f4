#include "optimizer/intern.h"
#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"

namespace theon {

namespace {

std::vector<Variable> merged(std::span<const Variable> outputs, Interned& interned) {
  const auto remake = [&](const Apply& node, std::vector<Variable> inputs) {
    for (Variable& x : inputs)
      if (!x.owner()) x = interned.leaf(x);
    return interned.rebuilt(node, std::move(inputs))->output_list();
  };
  std::vector<Variable> result = rebuild_graph(
      outputs, [](const Apply&) { return true; }, remake);
  for (Variable& x : result)
    if (!x.owner()) x = interned.leaf(x);
  return result;
}

}  // namespace

Graph merge(const Graph& graph, Interned& interned) { return {graph.inputs, merged(graph.outputs, interned)}; }

}  // namespace theon

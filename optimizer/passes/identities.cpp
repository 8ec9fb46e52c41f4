#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"

namespace theon {

Graph remove_identities(const Graph& graph) {
  const auto is_declaration = [](const Apply& node) { return node.op->name() == "specify_dims"; };
  const auto remake = [](const Apply& node, std::vector<Variable> inputs) {
    return inputs[0].dims() == node.types[0].dims ? std::vector{inputs[0]} : rebuild(node, std::move(inputs));
  };
  return {graph.inputs, rebuild_graph(graph.outputs, is_declaration, remake)};
}

}  // namespace theon

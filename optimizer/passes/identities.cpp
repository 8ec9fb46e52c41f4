#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"

namespace theon {

Graph remove_identities(const Graph& graph) {
  const auto remake = [](const Apply& node, std::vector<Variable> inputs) {
    const bool is_identity = node.op->name() == "specify_dims" && inputs[0].dims() == node.types[0].dims;
    return is_identity ? std::vector{inputs[0]} : rebuild(node, std::move(inputs));
  };
  return {graph.inputs, rebuild_graph(graph.outputs, remake)};
}

}  // namespace theon

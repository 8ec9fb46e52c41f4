#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"

#include "src/graph/node.h"

#include <algorithm>

namespace theon {

namespace {

bool is_inlined(const Apply& node, const std::set<std::string>& kept) {
  return node.op->op_class() == Op::Class::composite && !kept.contains(node.op->name());
}

Graph inlined_once(const Graph& graph, const std::set<std::string>& kept) {
  const auto selects = [&](const Apply& node) { return is_inlined(node, kept); };
  const auto expand = [](const Apply& node, std::vector<Variable> inputs) {
    const std::vector<Variable> same = rebuild(node, std::move(inputs));
    const Attribution line(node.where);
    return static_cast<const CompositeOp&>(*node.op).expand(*same[0].owner());
  };
  return {graph.inputs, rebuild_graph(graph.outputs, selects, expand)};
}

}  // namespace

Graph inline_composites(const Graph& graph, const std::set<std::string>& kept) {
  Graph result = graph;
  const auto has_any = [&] {
    return std::ranges::any_of(toposort(result.outputs), [&](const Apply* node) { return is_inlined(*node, kept); });
  };
  while (has_any()) result = inlined_once(result, kept);
  return result;
}

}  // namespace theon

#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"

#include <algorithm>
#include <unordered_map>

namespace theon {

namespace {

bool has_inner(const Op& op) { return op.op_class() == Op::Class::region && !op.inner().empty(); }

bool is_unchanged(const Graph& before, const Graph& after) {
  return std::ranges::equal(before.inputs, after.inputs, VariableSame()) &&
         std::ranges::equal(before.outputs, after.outputs, VariableSame());
}

/// The op around the graphs that the pass makes of its own; the same op where they are the same.
OpRef with_pass(const OpRef& op, const Pass& pass) {
  std::vector<Graph> graphs;
  bool is_changed = false;
  for (const Graph& inner : op->inner()) {
    graphs.push_back(in_every_graph(inner, pass));
    is_changed = is_changed || !is_unchanged(inner, graphs.back());
  }
  return is_changed ? op->with_inner(std::move(graphs)) : op;
}

Graph with_new_regions(const Graph& graph, const Pass& pass) {
  std::unordered_map<const Op*, OpRef> done;
  const auto selects = [](const Apply& node) { return has_inner(*node.op); };
  const auto remake = [&](const Apply& node, std::vector<Variable> inputs) {
    OpRef& op = done[node.op.get()];
    if (!op) op = with_pass(node.op, pass);
    return op == node.op ? rebuild(node, std::move(inputs)) : apply_all(op, std::move(inputs), node.where);
  };
  return {graph.inputs, rebuild_graph(graph.outputs, selects, remake)};
}

}  // namespace

bool has_regions(std::span<const Apply* const> nodes) {
  return std::ranges::any_of(nodes, [](const Apply* node) { return has_inner(*node->op); });
}

Graph in_every_graph(const Graph& graph, const Pass& pass) { return pass(with_new_regions(graph, pass)); }

}  // namespace theon

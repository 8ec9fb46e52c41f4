#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"
#include "src/reference/evaluate.h"

#include <algorithm>
#include <unordered_set>

namespace theon {

namespace {

constexpr std::int64_t most_elements = 1'000'000;
constexpr std::int64_t most_bytes = 1 << 20;

/// Elements of an array of known dims; more than the limit where they are not.
std::int64_t elements(const Shape& dims) {
  std::int64_t count = 1;
  for (const Dim& dim : dims) {
    const std::int64_t size = dim.known().value_or(most_elements + 1);
    if (size != 0 && count > most_elements / size) return most_elements + 1;
    count *= size;
  }
  return count;
}

/// What evaluating the node looks at: the largest of its arrays, and for a contraction about their product.
std::int64_t evaluations(const Apply& node) {
  std::int64_t most = 0;
  for (const Variable& x : node.inputs) most = std::max(most, elements(x.dims()));
  std::int64_t results = 0;
  for (const TensorType& type : node.types) results = std::max(results, elements(type.dims));
  const bool reduces = node.inputs.size() > 1 && results < most * most && node.op->name() == "dot";
  return reduces ? std::max(most, results) * most : std::max(most, results);
}

/// A value without operands, or repeated from a scalar, is shorter as it stands than as a constant.
bool is_short(const Apply& node) {
  const auto& name = node.op->name();
  return name == "full" || name == "broadcast_to" || name == "arange";
}

bool is_foldable(const Apply& node, const std::unordered_set<const Apply*>& constant) {
  // Most nodes have an operand that is no constant: nothing else is asked of those.
  if (!std::ranges::all_of(node.inputs, [&](const Variable& x) {
        return as_constant(x) || (x.owner() && constant.contains(x.owner()));
      }))
    return false;
  const bool has_effect = !node.op->is_pure() || !node.op->binds().empty() || node.op->op_class() == Op::Class::region;
  return !has_effect && !node.op->has_symbols() && node.obligations.empty() && evaluations(node) <= most_elements;
}

bool is_small(const TensorType& type) {
  return elements(type.dims) * static_cast<std::int64_t>(size_of(type.dtype)) <= most_bytes;
}

/// Values that depend on constants alone and that something else needs.
std::vector<Variable> constant_values(const Graph& graph) {
  std::unordered_set<const Apply*> constant;
  std::vector<Variable> needed;
  VariableMap<bool> seen;
  std::int64_t budget = most_elements;
  const auto need = [&](const Variable& x) {
    const Apply* node = x.owner();
    if (node && constant.contains(node) && !is_short(*node) && is_small(x.type()) && seen.emplace(x, true).second)
      needed.push_back(x);
  };
  for (const Apply* node : toposort(graph.outputs)) {
    if (is_foldable(*node, constant) && (budget -= evaluations(*node)) >= 0)
      constant.insert(node);
    else
      std::ranges::for_each(node->inputs, need);
  }
  std::ranges::for_each(graph.outputs, need);
  return needed;
}

}  // namespace

Graph fold_constants(const Graph& graph) {
  const std::vector<Variable> needed = constant_values(graph);
  if (needed.empty()) return graph;
  const std::vector<Tensor> values = reference::evaluate(needed);
  VariableMap<Variable> replacements;
  for (std::size_t i = 0; i < needed.size(); ++i)
    replacements.emplace(needed[i], own_constant(values[i], needed[i].where()));
  return {graph.inputs, replace(graph.outputs, replacements)};
}

}  // namespace theon

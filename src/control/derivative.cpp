#include "src/control/derivative.h"

#include <theon/gradient.h>

#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <algorithm>
#include <unordered_set>

namespace theon {

namespace {

/// The variables that depend on one of `roots`.
std::unordered_set<const Node*> reached_from(std::span<const Variable> roots, std::span<const Variable> outputs) {
  std::unordered_set<const Node*> reached;
  for (const Variable& x : roots) reached.insert(x.node().get());
  for (const Apply* node : toposort(outputs))
    if (std::ranges::any_of(node->inputs, [&](const Variable& x) { return reached.contains(x.node().get()); }))
      reached.insert(node);
  return reached;
}

}  // namespace

std::vector<Variable> present(std::span<const Variable> list) {
  std::vector<Variable> found;
  std::ranges::copy_if(list, std::back_inserter(found), [](const Variable& x) { return !x.is_empty(); });
  return found;
}

std::vector<Variable> inputs_like(std::span<const Variable> values) {
  std::vector<Variable> inputs;
  for (const Variable& x : values)
    inputs.push_back(x.is_empty() ? Variable() : input(x.dtype(), "", x.dims(), x.where()));
  return inputs;
}

std::vector<Variable> pull_through(const Graph& graph, std::span<const Variable> cotangents) {
  THEON_CHECK(cotangents.size() == graph.outputs.size());
  GradOptions options{.disconnected = Disconnected::none};
  for (std::size_t i = 0; i < cotangents.size(); ++i)
    if (!cotangents[i].is_empty()) options.known_grads.emplace_back(graph.outputs[i], cotangents[i]);
  std::vector<Variable> result(graph.inputs.size());
  std::vector<std::size_t> floating_inputs;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i)
    if (is_floating(graph.inputs[i].dtype())) floating_inputs.push_back(i);
  if (options.known_grads.empty() || floating_inputs.empty()) return result;
  std::vector<Variable> wrt;
  for (const std::size_t i : floating_inputs) wrt.push_back(graph.inputs[i]);
  const std::vector<Variable> pulled = grad({}, wrt, options);
  for (std::size_t k = 0; k < pulled.size(); ++k) result[floating_inputs[k]] = pulled[k];
  return result;
}

std::vector<Variable> push_through(const Graph& graph, std::span<const Variable> tangents) {
  THEON_CHECK(tangents.size() == graph.inputs.size());
  std::vector<Variable> roots, directions;
  for (std::size_t i = 0; i < tangents.size(); ++i) {
    if (tangents[i].is_empty()) continue;
    roots.push_back(graph.inputs[i]);
    directions.push_back(tangents[i]);
  }
  const auto reached = reached_from(roots, graph.outputs);
  std::vector<Variable> result(graph.outputs.size()), moved;
  std::vector<std::size_t> places;
  for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
    if (!is_floating(graph.outputs[k].dtype()) || !reached.contains(graph.outputs[k].node().get())) continue;
    moved.push_back(graph.outputs[k]);
    places.push_back(k);
  }
  const std::vector<Variable> pushed = jvp(moved, roots, directions);
  for (std::size_t k = 0; k < places.size(); ++k) result[places[k]] = pushed[k];
  return result;
}

std::vector<Variable> substitute_inputs(std::span<const Variable> expressions, std::span<const Variable> inputs,
                                        std::span<const Variable> values) {
  THEON_CHECK(inputs.size() == values.size());
  VariableMap<Variable> map;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].is_empty() && !values[i].is_empty()) map.emplace(inputs[i], values[i]);
  const std::vector<Variable> replaced = replace(present(expressions), map);
  std::vector<Variable> result(expressions.size());
  for (std::size_t i = 0, next = 0; i < result.size(); ++i)
    if (!expressions[i].is_empty()) result[i] = replaced[next++];
  return result;
}

}  // namespace theon

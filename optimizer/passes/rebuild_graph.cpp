#include "optimizer/passes/rebuild_graph.h"

#include "optimizer/pattern.h"
#include "src/support/pointer_numbers.h"

#include <algorithm>

namespace theon {

namespace {

/// What has taken the place of nodes.
class Remade {
 public:
  bool has(const Variable& x) const { return nodes_.contains(x.node().get()); }
  const Variable& operator()(const Variable& x) const {
    const std::uint32_t number = nodes_.find(x.node().get());
    return number == PointerNumbers::none ? x : outputs_[number][x.index()];
  }
  void set(const Apply& node, std::vector<Variable> outputs) {
    nodes_.add(&node);
    outputs_.push_back(std::move(outputs));
  }

 private:
  PointerNumbers nodes_;
  std::vector<std::vector<Variable>> outputs_;
};

/// The results under the types and names of the node.
std::vector<Variable> fitted(const Apply& node, std::vector<Variable> results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Variable x = node.output(i);
    if (same(results[i], x)) continue;
    results[i] = fit(results[i], x.type(), node.where);
    if (results[i].owner()) results[i].named(x.name());
  }
  return results;
}

}  // namespace

std::vector<Variable> rebuild_graph(std::span<const Variable> outputs, const Selects& selects, const Remake& remake) {
  Remade remade;
  for (const Apply* node : toposort(outputs)) {
    const bool is_selected = selects(*node);
    if (!is_selected && std::ranges::none_of(node->inputs, [&](const Variable& x) { return remade.has(x); })) continue;
    std::vector<Variable> inputs;
    inputs.reserve(node->inputs.size());
    for (const Variable& x : node->inputs) inputs.push_back(remade(x));
    std::vector<Variable> results = is_selected ? remake(*node, std::move(inputs)) : rebuild(*node, std::move(inputs));
    results = fitted(*node, std::move(results));
    if (!same(results[0], node->output(0))) remade.set(*node, std::move(results));
  }
  std::vector<Variable> results;
  for (const Variable& x : outputs) results.push_back(remade(x));
  return results;
}

}  // namespace theon

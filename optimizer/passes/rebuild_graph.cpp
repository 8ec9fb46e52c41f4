#include "optimizer/passes/rebuild_graph.h"

#include "optimizer/pattern.h"

namespace theon {

std::vector<Variable> rebuild_graph(std::span<const Variable> outputs, const Remake& remake) {
  VariableMap<Variable> made;
  const auto current = [&](const Variable& x) {
    const auto found = made.find(x);
    return found == made.end() ? x : found->second;
  };
  for (const Apply* node : toposort(outputs)) {
    std::vector<Variable> inputs;
    inputs.reserve(node->inputs.size());
    for (const Variable& x : node->inputs) inputs.push_back(current(x));
    const std::vector<Variable> results = remake(*node, std::move(inputs));
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Variable x = node->output(i);
      const Variable result = fit(results[i], x.type(), node->where);
      if (result.owner()) result.named(x.name());
      made.emplace(x, result);
    }
  }
  std::vector<Variable> results;
  for (const Variable& x : outputs) results.push_back(current(x));
  return results;
}

}  // namespace theon

#include "src/graph/binding.h"

#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <utility>

namespace theon {

std::vector<Variable> binders(std::span<const Dim> dims) {
  std::vector<Variable> found;
  for (const Dim& symbol : symbols(dims))
    if (const auto* origin = dynamic_cast<const SizeOrigin*>(origin_of(symbol)))
      found.push_back(origin->binder(symbol));
  return found;
}

std::vector<Variable> with_binders(std::vector<Variable> inputs, std::span<const Dim> dims) {
  for (Variable& binder : binders(dims)) inputs.push_back(std::move(binder));
  return inputs;
}

std::vector<Variable> for_inputs(const Apply& node, std::vector<Variable> cotangents) {
  THEON_CHECK(cotangents.size() <= node.inputs.size());
  cotangents.resize(node.inputs.size());
  return cotangents;
}

std::vector<SizeBinding> bindings(std::span<const Variable> outputs) {
  std::vector<SizeBinding> found;
  for (const Apply* node : toposort(outputs))
    for (const Op::Binding& binding : node->op->binds())
      found.push_back({binding.symbol, node->output(binding.output), binding.axis});
  return found;
}

}  // namespace theon

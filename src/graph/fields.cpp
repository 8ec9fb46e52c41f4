#include "src/graph/fields.h"

#include <algorithm>

namespace theon::field {

namespace {

std::size_t hash_leaf(const Variable& x) {
  if (const Constant* constant = as_constant(x)) return hash_tensor(constant->value);
  return std::hash<const void*>()(x.node().get());
}

}  // namespace

std::size_t hash_tensor(const Tensor& tensor) {
  std::size_t seed = static_cast<std::size_t>(tensor.dtype());
  for (const std::int64_t size : tensor.sizes()) seed = combine(seed, static_cast<std::uint64_t>(size));
  const Tensor row_major = tensor.contiguous();
  return combine(
      seed, hash_bytes({row_major.raw(), static_cast<std::size_t>(row_major.size()) * size_of(row_major.dtype())}));
}

std::size_t hash_graph(const Graph& graph) {
  VariableMap<std::size_t> position;  // in order of definition, inputs first
  for (const Variable& x : graph.inputs) position.emplace(x, position.size());
  const auto hash_of = [&](const Variable& x) {
    const auto known = position.find(x);
    return known == position.end() ? hash_leaf(x) : known->second;
  };
  std::size_t seed = graph.inputs.size();
  for (const Apply* node : toposort(graph.outputs)) {
    seed = combine(seed, node->op->hash());
    for (const Variable& x : node->inputs) seed = combine(seed, hash_of(x));
    for (std::size_t i = 0; i < node->outputs(); ++i) position.emplace(node->output(i), position.size());
  }
  for (const Variable& x : graph.outputs) seed = combine(seed, hash_of(x));
  return seed;
}

bool substitute_dim(Dim& dim, const DimMap& map) {
  Dim mapped = map(dim);
  if (mapped == dim) return false;
  dim = std::move(mapped);
  return true;
}

bool substitute_graph(Graph& graph, const DimMap& map) {
  Graph mapped = theon::substitute(graph, map);
  const bool changed = !std::ranges::equal(mapped.inputs, graph.inputs, same) ||
                       !std::ranges::equal(mapped.outputs, graph.outputs, same);
  graph = std::move(mapped);
  return changed;
}

}  // namespace theon::field

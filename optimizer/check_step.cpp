#include "optimizer/check_step.h"

#include "optimizer/agree.h"
#include "src/graph/traversal.h"
#include "src/reference/evaluate.h"
#include "src/support/check.h"

#include <map>
#include <optional>

namespace theon {

void check_types(const std::string& step, const Graph& before, const Graph& after) {
  for (std::size_t i = 0; i < before.outputs.size(); ++i)
    if (before.outputs[i].type() != after.outputs[i].type())
      fail<InternalError>(before.outputs[i].where(), "optimize: {} changed output {} from {} to {}", step, i,
                          to_string(before.outputs[i].type()), to_string(after.outputs[i].type()));
}

namespace {

/// Random values for every input, a small size for every symbol.
reference::Arguments random_arguments(const Graph& graph) {
  reference::Arguments arguments;
  std::map<std::string, std::int64_t> sizes;
  for (const Variable& x : leaves(graph.outputs)) {
    if (x.node()->role != Node::Role::input) continue;
    Sizes own;
    for (const Dim& dim : x.dims())
      own.push_back(dim.known().value_or(sizes.emplace(to_string(dim), 2 + sizes.size() % 3).first->second));
    arguments.emplace_back(x, Tensor::uniform(DType::float64, own, 7 + arguments.size(), 0.1, 2.5).astype(x.dtype()));
  }
  return arguments;
}

/// The values of the outputs; nothing where random inputs violate what the graph asks of them.
std::optional<std::vector<Tensor>> values(const Graph& graph, const reference::Arguments& arguments) {
  try {
    return reference::evaluate(graph.outputs, arguments);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

void check_values(const std::string& step, const Graph& before, const Graph& after) {
  const reference::Arguments arguments = random_arguments(before);
  const auto left = values(before, arguments);
  if (!left) return;
  const std::vector<Tensor> right = reference::evaluate(after.outputs, arguments);
  for (std::size_t i = 0; i < left->size(); ++i)
    if (!agree((*left)[i], right[i], Missing::improved))
      fail<InternalError>(before.outputs[i].where(), "optimize: {} changed the value of output {} from {} to {}", step,
                          i, to_string((*left)[i]), to_string(right[i]));
}

}  // namespace theon

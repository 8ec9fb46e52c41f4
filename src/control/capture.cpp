#include "src/control/capture.h"

#include "src/graph/binding.h"
#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <algorithm>
#include <unordered_set>

namespace theon {

namespace {

/// Finds what a lambda took from outside.
class Captures {
 public:
  Captures(std::span<const Variable> parameters, std::uint64_t since) : since_(since) {
    for (const Variable& x : parameters) parameters_.insert(x.node().get());
  }

  std::vector<Variable> operator()(std::span<const Variable> results) {
    const auto own = toposort(results, [&](const Variable& x) { return is_outside(x); });
    for (const Apply* node : own)
      if (std::ranges::any_of(node->inputs, [&](const Variable& x) { return depends(x); })) dependent_.insert(node);
    for (const Apply* node : toposort(results, [&](const Variable& x) { return is_captured(x); }))
      for (const Variable& x : node->inputs) meet(x);
    for (const Variable& x : results) meet(x);
    return std::move(captured_);
  }

 private:
  bool is_outside(const Variable& x) const { return x.node()->serial < since_; }
  bool depends(const Variable& x) const {
    return parameters_.contains(x.node().get()) || dependent_.contains(x.node().get());
  }

  bool is_captured(const Variable& x) const {
    if (parameters_.contains(x.node().get())) return false;
    const Apply* node = x.owner();
    if (!node) return x.node()->role != Node::Role::constant;
    return is_outside(x) || (!node->op->binds().empty() && !depends(x));
  }

  void meet(const Variable& x) {
    if (is_captured(x) && met_.emplace(x, 0).second) captured_.push_back(x);
  }

  std::uint64_t since_;
  std::unordered_set<const Node*> parameters_, dependent_;
  VariableMap<int> met_;
  std::vector<Variable> captured_;
};

/// The sizes of results must be known when the region is entered.
void refuse_inner_sizes(const Graph& graph, Location where) {
  std::vector<Dim> inner;
  for (const SizeBinding& binding : bindings(graph.outputs)) inner.push_back(binding.symbol);
  for (const Variable& x : graph.outputs)
    for (const Dim& symbol : symbols(x.dims()))
      if (std::ranges::count(inner, symbol))
        fail<ShapeError>(where,
                         "a result of shape {}: its size {} is known only inside of the loop or branch; use a mask, or "
                         "pad to a size known outside",
                         to_string(x.dims()), to_string(symbol));
}

}  // namespace

std::uint64_t next_node() { return input(DType::boolean, "", Shape{}).node()->serial; }

ClosedGraph close_over(std::vector<Variable> parameters, std::span<const Variable> results, std::uint64_t since,
                       Location where) {
  ClosedGraph closed{.graph = {std::move(parameters), {}}, .captured = {}};
  closed.captured = Captures(closed.graph.inputs, since)(results);
  VariableMap<Variable> inside;
  for (const Variable& x : closed.captured) {
    closed.graph.inputs.push_back(input(x.dtype(), x.name(), x.dims(), x.where()));
    inside.emplace(x, closed.graph.inputs.back());
  }
  closed.graph.outputs = replace(results, inside, where);
  refuse_inner_sizes(closed.graph, where);
  return closed;
}

}  // namespace theon

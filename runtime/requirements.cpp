#include "runtime/requirements.h"

#include "codegen/partition/elements.h"
#include "src/graph/binding.h"
#include "src/ops/effect.h"

#include <algorithm>

namespace theon::runtime {

namespace {

/// An array and the extent that it indexes.
struct IndexedBy {
  Variable indices;
  Dim extent;
};

class Collector {
 public:
  Requirements run(std::span<const Variable> outputs) {
    waiting_.assign(outputs.begin(), outputs.end());
    // Each round may open composites, whose expansions wait for the next one.
    while (!waiting_.empty()) {
      const std::vector<Variable> round = std::exchange(waiting_, {});
      for (const Apply* node : toposort(round))
        if (seen_.emplace(node->output(0), true).second) visit(*node);
    }
    return std::move(result_);
  }

 private:
  void visit(const Apply& node) {
    result_.obligations.insert(result_.obligations.end(), node.obligations.begin(), node.obligations.end());
    for (const IndexCheck& check : node.op->index_checks(node)) add(node, check);
    switch (node.op->op_class()) {
      case Op::Class::element:
      case Op::Class::scatter:
      case Op::Class::host: return;
      case Op::Class::composite: wait_for(static_cast<const CompositeOp&>(*node.op).expand(node)); return;
      case Op::Class::region:
        for (const Graph& graph : node.op->inner()) add_inner(graph);
    }
  }

  void wait_for(const std::vector<Variable>& outputs) { waiting_.insert(waiting_.end(), outputs.begin(), outputs.end()); }

  /// Obligations of a loop's body mention the sizes outside; its indices exist only inside.
  void add_inner(const Graph& graph) {
    for (const Obligation& obligation : requirements(graph.outputs).obligations) result_.obligations.push_back(obligation);
  }

  void add(const Apply& node, const IndexCheck& check) {
    const Variable& indices = node.inputs[check.input];
    if (is_known_to_fit(indices, check.extent)) return;
    for (const IndexedBy& earlier : indexed_)
      if (same(earlier.indices, indices) && earlier.extent == check.extent) return;
    indexed_.push_back({indices, check.extent});
    result_.indices.push_back(indices);
    result_.checks.push_back({node.op->name(), check.axis, check.extent, node.where});
  }

  /// Whether every element is an index of an axis that is no longer than the extent, as those of arange(n) are.
  static bool is_known_to_fit(const Variable& indices, const Dim& extent) {
    const Apply* node = indices.owner();
    if (!node || node->op->op_class() != Op::Class::element) return false;
    ir::Pool pool;
    ir::Expr element = codegen::canonical_elements(*node, pool)->at(indices.index());
    while (element->op == ir::Opcode::convert && is_integer(element->args[0]->dtype)) element = element->args[0];
    return element->op == ir::Opcode::index && less_equal(*element->dim, extent) == Answer::yes;
  }

  std::vector<Variable> waiting_;
  VariableMap<bool> seen_;  // keeps the expansions alive as well
  std::vector<IndexedBy> indexed_;
  Requirements result_;
};

}  // namespace

Requirements requirements(std::span<const Variable> outputs) { return Collector().run(outputs); }

Effects effects(std::span<const Variable> outputs) {
  Effects found;
  for (const Apply* node : toposort(outputs))
    if (dynamic_cast<const Check*>(node->op.get())) {
      found.variables.push_back(node->inputs[1]);
      found.duties.push_back(codegen::Condition{node});
    }
  for (const SizeBinding& binding : bindings(outputs))
    if (binding.axis < 0) {
      found.variables.push_back(binding.value);
      found.duties.push_back(codegen::Unused{});
    }
  return found;
}

}  // namespace theon::runtime

#include "runtime/requirements.h"

#include "codegen/partition/elements.h"
#include "src/control/scan.h"
#include "src/graph/binding.h"
#include "src/ops/effect.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace theon::runtime {

namespace {

/// Calls `visit` for every node that the outputs need, and for those that composites stand for.
template <class Visit>
void for_each_node(std::span<const Variable> outputs, Visit visit) {
  VariableMap<bool> seen;  // keeps the expansions alive as well
  std::vector<Variable> waiting(outputs.begin(), outputs.end());
  while (!waiting.empty()) {
    const std::vector<Variable> round = std::exchange(waiting, {});
    for (const Apply* node : toposort(round)) {
      if (!seen.emplace(node->output(0), true).second) continue;
      visit(*node);
      if (node->op->op_class() != Op::Class::composite) continue;
      for (Variable& x : static_cast<const CompositeOp&>(*node->op).expand(*node)) waiting.push_back(std::move(x));
    }
  }
}

/// Whether every element is an index of an axis that is no longer than the extent, as those of arange(n) are.
bool is_known_to_fit(const Variable& indices, const Dim& extent) {
  const Apply* node = indices.owner();
  if (!node || node->op->op_class() != Op::Class::element) return false;
  ir::Pool pool;
  ir::Expr element = (*codegen::canonical_elements(*node, pool))[indices.index()];
  while (element->op == ir::Opcode::convert && is_integer(element->args[0]->dtype)) element = element->args[0];
  return element->op == ir::Opcode::index && less_equal(*element->dim, extent) == Answer::yes;
}

/// The indices of one graph, each array and extent once.
class IndexCollector {
 public:
  void visit(const Apply& node) {
    for (const IndexCheck& check : node.op->index_checks(node)) add(node, check);
  }
  Duties take() { return std::move(found_); }

 private:
  void add(const Apply& node, const IndexCheck& check) {
    const Variable& indices = node.inputs[check.input];
    std::vector<Dim>& extents = checked_[indices];
    if (std::find(extents.begin(), extents.end(), check.extent) != extents.end()) return;
    extents.push_back(check.extent);
    if (!is_known_to_fit(indices, check.extent))
      found_.add(indices, codegen::Indices{node.op->name(), check.axis, check.extent, node.where});
  }

  VariableMap<std::vector<Dim>> checked_;
  Duties found_;
};

Duties indices(std::span<const Variable> outputs) {
  IndexCollector collector;
  for_each_node(outputs, [&](const Apply& node) { collector.visit(node); });
  return collector.take();
}

Duties conditions(std::span<const Variable> outputs) {
  Duties found;
  for (const Apply* node : toposort(outputs))
    if (const auto* check = dynamic_cast<const Check*>(node->op.get()))
      found.add(node->inputs[1], codegen::Condition{check->message(), node->where});
  return found;
}

/// Builds a graph again, with loops that also emit what their bodies must check.
class LoopGuard {
 public:
  Guarded run(std::span<const Variable> outputs) {
    for (const Apply* node : toposort(outputs)) visit(*node);
    Guarded result;
    for (const Variable& x : outputs) result.outputs.push_back(current(x));
    result.duties = std::move(duties_);
    return result;
  }

 private:
  void visit(const Apply& node) {
    std::vector<Variable> inputs;
    for (const Variable& x : node.inputs) inputs.push_back(current(x));
    const auto* scan = dynamic_cast<const Scan*>(node.op.get());
    const std::vector<Variable> made =
        scan ? emitting(node, *scan, std::move(inputs)) : rebuild(node, std::move(inputs));
    for (std::size_t i = 0; i < node.outputs(); ++i)
      if (!same(made[i], node.output(i))) done_.emplace(node.output(i), made[i]);
  }

  std::vector<Variable> emitting(const Apply& node, const Scan& scan, std::vector<Variable> inputs) {
    Guarded body = guarded(scan.body().outputs);
    body.duties.add(conditions(body.outputs));
    if (body.duties.variables.empty()) return rebuild(node, std::move(inputs));
    Graph graph{scan.body().inputs, std::move(body.outputs)};
    graph.outputs.insert(graph.outputs.end(), body.duties.variables.begin(), body.duties.variables.end());
    ScanSpec spec = scan.spec();
    spec.emitted += body.duties.variables.size();
    const std::vector<Variable> made =
        apply_all(std::make_shared<const Scan>(scan.name(), spec, std::move(graph)), std::move(inputs), node.where);
    for (std::size_t i = 0; i < node.outputs(); ++i) made[i].named(node.name(i).get());
    for (std::size_t k = 0; k < body.duties.duties.size(); ++k)
      duties_.add(made[node.outputs() + k], body.duties.duties[k]);
    return made;
  }

  Variable current(const Variable& x) const {
    const auto it = done_.find(x);
    return it == done_.end() ? x : it->second;
  }

  VariableMap<Variable> done_;
  Duties duties_;
};

}  // namespace

void Duties::add(Variable variable, codegen::Duty duty) {
  variables.push_back(std::move(variable));
  duties.push_back(std::move(duty));
}

void Duties::add(const Duties& others) {
  variables.insert(variables.end(), others.variables.begin(), others.variables.end());
  duties.insert(duties.end(), others.duties.begin(), others.duties.end());
}

std::vector<Obligation> obligations(std::span<const Variable> outputs) {
  std::vector<Obligation> found;
  for_each_node(outputs, [&](const Apply& node) {
    found.insert(found.end(), node.obligations.begin(), node.obligations.end());
    if (node.op->op_class() != Op::Class::region) return;
    for (const Graph& graph : node.op->inner())
      for (const Obligation& inside : obligations(graph.outputs)) found.push_back(inside);
  });
  return found;
}

Guarded guarded(std::span<const Variable> outputs) {
  Guarded result = LoopGuard().run(outputs);
  result.duties.add(indices(result.outputs));
  return result;
}

Duties effects(std::span<const Variable> outputs) {
  Duties found = conditions(outputs);
  for (const SizeBinding& binding : bindings(outputs))
    if (binding.axis < 0) found.add(binding.value, codegen::Unused{});
  return found;
}

}  // namespace theon::runtime

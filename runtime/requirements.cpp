#include "runtime/requirements.h"

#include "codegen/partition/elements.h"
#include "src/control/ifelse.h"
#include "src/control/scan.h"
#include "src/control/while_loop.h"
#include "src/graph/binding.h"
#include "src/ir/dim_node.h"
#include "src/ops/effect.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
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

/// The duties of a graph as one boolean scalar each: which one fails can be told outside, not where.
class AsScalar {
 public:
  explicit AsScalar(const Variable& value) : value_(value) {}
  Variable operator()(const codegen::Condition&) const { return all(value_); }
  Variable operator()(const codegen::Indices& indices) const {
    const Variable extent = theon::value(indices.extent, indices.where), index = cast(value_, DType::int64);
    // A large unsigned number is none that counts from the end.
    const Variable least = is_unsigned(value_.dtype()) ? zeros_like(extent) : -extent;
    return all((index >= least) & (index < extent));
  }
  Variable operator()(const codegen::Unused&) const { return constant(Tensor(true)); }

 private:
  const Variable& value_;
};

/// Solves equations between sizes for the symbols of inputs.
class Solver {
 public:
  explicit Solver(const std::vector<Variable>& inputs) {
    for (const Variable& x : inputs)
      for (const Dim& symbol : symbols(x.dims())) rank_.emplace(symbol, rank_.size());
  }

  void add(const Dim& left, const Dim& right) {
    const Dim a = solved_(left), b = solved_(right);
    if (a == b) return;
    const std::optional<std::size_t> rank_a = rank(a), rank_b = rank(b);
    // The symbol of the earlier input stays.
    if (rank_a && (!rank_b || *rank_a > *rank_b)) return solve(a, b);
    if (rank_b) solve(b, a);
  }

  DimMap solution() const { return solved_; }

 private:
  std::optional<std::size_t> rank(const Dim& dim) const {
    const auto it = rank_.find(dim);
    return it == rank_.end() ? std::nullopt : std::optional(it->second);
  }

  void solve(const Dim& symbol, const Dim& value) {
    const std::vector<Dim> used = symbols(value);
    const auto is_other_size = [&](const Dim& other) { return other != symbol && rank(other).has_value(); };
    if (!std::all_of(used.begin(), used.end(), is_other_size)) return;
    DimMap next;
    next.set(symbol, value);
    values_.emplace_back(symbol, value);
    solved_ = {};
    for (auto& [known, known_value] : values_) {
      known_value = next(known_value);
      solved_.set(known, known_value);
    }
  }

  std::unordered_map<Dim, std::size_t, DimHash> rank_;  // by first input
  std::vector<std::pair<Dim, Dim>> values_;
  DimMap solved_;
};

struct AsCondition {
  codegen::Condition operator()(const codegen::Condition& condition) const { return condition; }
  codegen::Condition operator()(const codegen::Indices& indices) const {
    return {fmt::format("{}: an index is out of range for axis {} of size {}", indices.op, indices.axis,
                        to_string(indices.extent)),
            indices.where};
  }
  codegen::Condition operator()(const codegen::Unused&) const { return {}; }
};

/// Builds a graph again, with loops and branches that have more results: what must be checked inside.
class RegionGuard {
 public:
  Guarded run(std::span<const Variable> outputs) {
    for (const Apply* node : toposort(outputs)) visit(*node);
    Guarded result;
    for (const Variable& x : outputs) result.outputs.push_back(current(x));
    result.duties = std::move(duties_);
    return result;
  }

 private:
  using Variables = std::vector<Variable>;
  using SymbolSet = std::unordered_set<Dim, DimHash>;

  void visit(const Apply& node) {
    Variables inputs;
    for (const Variable& x : node.inputs) inputs.push_back(current(x));
    const Variables made = guarded_node(node, std::move(inputs));
    for (std::size_t i = 0; i < node.outputs(); ++i) {
      if (same(made[i], node.output(i))) continue;
      made[i].named(node.name(i).get());
      done_.emplace(node.output(i), made[i]);
    }
  }

  Variables guarded_node(const Apply& node, Variables inputs) {
    if (const auto* scan = dynamic_cast<const Scan*>(node.op.get())) return emitting(node, *scan, std::move(inputs));
    if (const auto* loop = dynamic_cast<const WhileLoop*>(node.op.get()))
      return carrying(node, *loop, std::move(inputs));
    if (const auto* branch = dynamic_cast<const IfElse*>(node.op.get()))
      return reporting(node, *branch, std::move(inputs));
    return rebuild(node, std::move(inputs));
  }

  static Guarded inside(const Graph& graph) {
    Guarded inner = guarded(graph.outputs);
    inner.duties.add(conditions(inner.outputs));
    return inner;
  }

  /// Each duty of a scan's body becomes one more emitted array.
  Variables emitting(const Apply& node, const Scan& scan, Variables inputs) {
    Guarded body = inside(scan.body());
    if (body.duties.variables.empty()) return rebuild(node, std::move(inputs));
    body.duties = known_outside(std::move(body.duties), symbols_bound_by(body.outputs));
    ScanSpec spec = scan.spec();
    spec.emitted += body.duties.variables.size();
    Graph graph{scan.body().inputs, joined(std::move(body.outputs), body.duties.variables)};
    const Variables made =
        apply_all(std::make_shared<const Scan>(scan.name(), spec, std::move(graph)), std::move(inputs), node.where);
    for (std::size_t k = 0; k < body.duties.duties.size(); ++k)
      duties_.add(made[node.outputs() + k], body.duties.duties[k]);
    return made;
  }

  /// Each duty of a while loop becomes one more state, true as long as all is well; and the loop goes on no longer.
  Variables carrying(const Apply& node, const WhileLoop& loop, Variables inputs) {
    Guarded test = inside(loop.condition()), body = inside(loop.body());
    // Both graphs get the parameters of the body.
    VariableMap<Variable> renamed;
    for (std::size_t i = 0; i < loop.condition().inputs.size(); ++i)
      renamed.emplace(loop.condition().inputs[i], loop.body().inputs[i]);
    const Variables tested = replace(joined(test.outputs, as_scalars(test.duties)), renamed);
    const Variables holds = joined({tested.begin() + 1, tested.end()}, as_scalars(body.duties));
    if (holds.empty()) return rebuild(node, std::move(inputs));

    Variable goes_on = tested[0];
    Variables parameters = loop.body().inputs, fine;
    for (const Variable& here : holds) {
      fine.push_back(input<bool>("fine", {}));
      goes_on = goes_on & fine.back();
      body.outputs.push_back(fine.back() & here);
    }
    WhileSpec spec = loop.spec();
    const auto first_captured = static_cast<std::ptrdiff_t>(spec.states);
    Variables first(holds.size(), constant(Tensor(true)));
    // The number of steps: a loop that ends at max_steps does not test its last states.
    fine.push_back(input<std::int64_t>("steps", {}));
    first.push_back(constant(Tensor(std::int64_t{0})));
    body.outputs.push_back(fine.back() + 1);
    spec.states += fine.size();
    parameters.insert(parameters.begin() + first_captured, fine.begin(), fine.end());
    inputs.insert(inputs.begin() + first_captured, first.begin(), first.end());
    std::vector<Graph> graphs{{parameters, {goes_on}}, {parameters, std::move(body.outputs)}};
    Variables made =
        apply_all(std::make_shared<const WhileLoop>(loop.name(), spec, std::move(graphs)), inputs, node.where);
    Duties all = test.duties;
    all.add(body.duties);
    promise(std::span(made).subspan(node.outputs(), holds.size()), all);
    promise(at_last_test(loop, test.duties, made, inputs), test.duties);
    return made;
  }

  /// The duties of the test that ended the loop: it had the states that the loop leaves.
  static Variables at_last_test(const WhileLoop& loop, const Duties& duties, const Variables& made,
                                const Variables& inputs) {
    const std::size_t states = loop.spec().states;
    const Graph& test = loop.condition();
    VariableMap<Variable> last;
    for (std::size_t i = 0; i < test.inputs.size(); ++i)
      last.emplace(test.inputs[i], i < states ? made[i] : inputs[inputs.size() - test.inputs.size() + i]);
    Variables holds = replace(as_scalars(duties), last);
    if (loop.spec().max_steps)
      for (Variable& here : holds) here = here | (made.back() >= *loop.spec().max_steps);
    return holds;
  }

  /// Each duty of a branch becomes one more result, true in the other branch.
  Variables reporting(const Apply& node, const IfElse& op, Variables inputs) {
    Guarded then = inside(op.then()), otherwise = inside(op.otherwise());
    const Variables of_then = as_scalars(then.duties), of_otherwise = as_scalars(otherwise.duties);
    if (of_then.empty() && of_otherwise.empty()) return rebuild(node, std::move(inputs));
    const Variable yes = constant(Tensor(true));
    std::vector<Graph> graphs{
        {op.then().inputs, joined(joined(then.outputs, of_then), Variables(of_otherwise.size(), yes))},
        {op.otherwise().inputs, joined(joined(otherwise.outputs, Variables(of_then.size(), yes)), of_otherwise)}};
    const Variables made = apply_all(std::make_shared<const IfElse>(std::move(graphs)), std::move(inputs), node.where);
    then.duties.add(otherwise.duties);
    promise(std::span(made).subspan(node.outputs()), then.duties);
    return made;
  }

  static SymbolSet symbols_bound_by(const Variables& outputs) {
    SymbolSet bound;
    for (const SizeBinding& binding : bindings(outputs)) bound.insert(binding.symbol);
    return bound;
  }

  /// Duties about sizes that an iteration learns are settled in the iteration: the size of the next one is another.
  static Duties known_outside(Duties duties, const SymbolSet& bound) {
    const auto mentions_bound = [&](const std::vector<Dim>& dims) {
      const std::vector<Dim> used = symbols(dims);
      return std::any_of(used.begin(), used.end(), [&](const Dim& symbol) { return bound.contains(symbol); });
    };
    for (std::size_t k = 0; k < duties.duties.size(); ++k) {
      const auto* indices = std::get_if<codegen::Indices>(&duties.duties[k]);
      if (!mentions_bound(duties.variables[k].dims()) && !(indices && mentions_bound({indices->extent}))) continue;
      duties.variables[k] = std::visit(AsScalar(duties.variables[k]), duties.duties[k]);
      duties.duties[k] = std::visit(AsCondition(), duties.duties[k]);
    }
    return duties;
  }

  static Variables as_scalars(const Duties& duties) {
    Variables scalars;
    for (std::size_t k = 0; k < duties.duties.size(); ++k)
      scalars.push_back(std::visit(AsScalar(duties.variables[k]), duties.duties[k]));
    return scalars;
  }

  /// What stood inside for the duties must be true outside.
  void promise(std::span<const Variable> scalars, const Duties& inside) {
    for (std::size_t k = 0; k < scalars.size(); ++k)
      duties_.add(scalars[k], std::visit(AsCondition(), inside.duties[k]));
  }

  static Variables joined(Variables list, const Variables& more) {
    list.insert(list.end(), more.begin(), more.end());
    return list;
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

DimMap equalities(const std::vector<Obligation>& obligations, const std::vector<Variable>& inputs) {
  Solver solver(inputs);
  for (const Obligation& obligation : obligations)
    if (obligation.relation == Obligation::Relation::equal) solver.add(obligation.left, obligation.right);
  return solver.solution();
}

Guarded guarded(std::span<const Variable> outputs) {
  Guarded result = RegionGuard().run(outputs);
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

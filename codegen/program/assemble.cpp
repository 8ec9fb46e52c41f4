#include "codegen/program/assemble.h"

#include "codegen/program/in_place.h"
#include "codegen/program/placement.h"
#include "codegen/program/steps.h"
#include "src/ir/dim_node.h"
#include "src/support/check.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace theon::codegen {

namespace {

class Assembler {
 public:
  Assembler(Schedule schedule, const Interface& interface)
      : interface_(interface), wanted_(std::move(schedule.outputs)) {
    program_.values = std::move(schedule.values);
    program_.steps = std::move(schedule.steps);
    program_.kernels = std::move(schedule.kernels);
    for (std::size_t v = 0; v < program_.values.size(); ++v)
      if (program_.values[v].origin != Value::Origin::computed)
        leaves_.emplace(program_.values[v].variable, static_cast<ValueId>(v));
  }

  Program run() {
    find_inputs();
    find_shared();
    bind_values();
    add_duties();
    separate_results();
    number_entry_symbols();
    order_steps(program_, interface_.in_place);
    number_late_symbols();
    place_values(program_);
    return std::move(program_);
  }

 private:
  void find_inputs() {
    for (const Variable& x : interface_.inputs) {
      const auto it = leaves_.find(x);
      program_.inputs.push_back(it == leaves_.end() ? -1 : it->second);
    }
  }

  void find_shared() {
    for (std::size_t v = 0; v < program_.values.size(); ++v)
      if (program_.values[v].origin == Value::Origin::shared)
        program_.shared.push_back({program_.values[v].variable, static_cast<ValueId>(v)});
    for (const Variable& x : interface_.updated)
      if (!leaves_.contains(x)) program_.shared.push_back({x});
  }

  /// After a step that computes the value of symbols, the steps that bind them.
  void bind_values() {
    std::vector<Step> steps;
    for (Step& step : program_.steps) {
      const std::vector<ValueId> written = writes(step);
      steps.push_back(std::move(step));
      for (ValueId v : written) append_binders(v, steps);
    }
    program_.steps = std::move(steps);
  }

  void append_binders(ValueId v, std::vector<Step>& steps) const {
    const Variable& x = program_.values[v].variable;
    if (!x.owner()) return;
    for (const Op::Binding& binding : x.owner()->op->binds())
      if (binding.axis < 0 && binding.output == x.index() && !is_known_at_entry(binding.symbol))
        steps.push_back({BindStep{binding.symbol, v}});
  }

  bool is_known_at_entry(const Dim& symbol) const {
    return std::any_of(interface_.sizes.begin(), interface_.sizes.end(),
                       [&](const EntrySize& size) { return size.symbol == symbol; });
  }

  /// Those about sizes come first: what they allow is read by any step.
  void add_duties() {
    const std::size_t first = wanted_.size() - interface_.duties.size();
    for (std::size_t i = 0; i < interface_.duties.size(); ++i) {
      const ValueId v = wanted_[first + i];
      const std::optional<Step> step =
          std::visit([v](const auto& duty) { return step_of(duty, v); }, interface_.duties[i]);
      if (step) program_.steps.push_back(*step);
      const auto* indices = std::get_if<Indices>(&interface_.duties[i]);
      if (!indices || less_equal(1, indices->extent) == Answer::yes) continue;
      IndexStep of_sizes = std::get<IndexStep>(step->node);
      of_sizes.of_sizes = true;
      program_.steps.insert(program_.steps.begin(), Step{std::move(of_sizes)});
    }
  }

  static std::optional<Step> step_of(const Unused&, ValueId) { return std::nullopt; }
  static std::optional<Step> step_of(const Condition& condition, ValueId v) {
    return Step{CheckStep{condition.message, v, condition.where}};
  }
  static std::optional<Step> step_of(const Indices& indices, ValueId v) {
    return Step{IndexStep{indices.op, v, indices.axis, indices.extent, indices.where}};
  }

  /// Gives every output and every update a value of its own. Updates choose first: one that is copied is never in
  /// place.
  void separate_results() {
    const std::size_t outputs = wanted_.size() - interface_.updated.size() - interface_.duties.size();
    for (std::size_t i = 0; i < interface_.updated.size(); ++i) {
      SharedUse& use = shared_use(interface_.updated[i]);
      if (use.value != wanted_[outputs + i]) use.update = separate(wanted_[outputs + i]);
    }
    for (std::size_t i = 0; i < outputs; ++i) program_.outputs.push_back(separate(wanted_[i]));
  }

  SharedUse& shared_use(const Variable& x) {
    const auto it = std::find_if(program_.shared.begin(), program_.shared.end(),
                                 [&](const SharedUse& use) { return same(use.variable, x); });
    THEON_CHECK(it != program_.shared.end());
    return *it;
  }

  ValueId separate(ValueId v) {
    if (program_.values[v].origin == Value::Origin::computed && taken_.insert(v).second) return v;
    const ValueId copy = static_cast<ValueId>(program_.values.size());
    program_.values.push_back(
        {Value::Origin::computed, program_.values[v].type, program_.values[v].variable, {.reason = Stored::result}});
    program_.steps.push_back({CopyStep{v, copy}});
    taken_.insert(copy);
    return copy;
  }

  void number_entry_symbols() {
    for (const Variable& x : interface_.inputs) number(symbols(x.dims()));
    for (const EntrySize& size : interface_.sizes) number({size.symbol});
    number(interface_.symbols);
    program_.entry_symbols = program_.symbols.size();
  }

  void number_late_symbols() {
    for (const Step& step : program_.steps) {
      number(needs(step, program_.values, program_.kernels));
      number(binds(step));
    }
  }

  void number(const std::vector<Dim>& symbols) {
    for (const Dim& symbol : symbols)
      if (numbered_.insert(symbol).second) program_.symbols.push_back(symbol);
  }

  const Interface& interface_;
  std::vector<ValueId> wanted_;  // outputs, then updates, then those with duties
  VariableMap<ValueId> leaves_;
  std::unordered_set<ValueId> taken_;
  std::unordered_set<Dim, DimHash> numbered_;
  Program program_;
};

}  // namespace

Program assemble(Schedule schedule, const Interface& interface) {
  return Assembler(std::move(schedule), interface).run();
}

}  // namespace theon::codegen

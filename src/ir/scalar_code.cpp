#include "src/ir/scalar_code.h"

#include "src/ir/opcode.h"
#include "src/ir/placement.h"
#include "src/support/check.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

namespace theon::ir {

namespace {

class Translator {
 public:
  explicit Translator(std::span<const Expr> roots) : placement_(roots), slots_(placement_.size()) {
    for (InstanceId id = 0; id < placement_.size(); ++id) assign_slot(id);
    schedule_region(0);
    while (!pending_.empty()) {
      const std::function<void()> task = std::move(pending_.back());
      pending_.pop_back();
      task();
    }
    for (const InstanceId root : placement_.roots()) code_.roots.push_back(slots_[root]);
  }

  ScalarCode take() { return std::move(code_); }

 private:
  /// What only a reduction needs: the slots of its state and of its index.
  struct Loop {
    std::vector<Slot> state;
    Slot index;
  };

  Slot slot(std::uint64_t content = 0) {
    code_.slots.push_back(content);
    return static_cast<Slot>(code_.slots.size() - 1);
  }

  const Instance& instance(InstanceId id) const { return placement_.instance(id); }

  Loop& loop_of(InstanceId reduction) {
    const auto [place, is_new] = loops_.try_emplace(reduction);
    if (is_new) {
      place->second.index = slot();
      for (std::size_t c = 0; c < instance(reduction).node->monoid->size(); ++c) place->second.state.push_back(slot());
    }
    return place->second;
  }

  void assign_slot(InstanceId id) { slots_[id] = slot_for(instance(id)); }

  Slot slot_for(const Instance& instance) {
    const Node& node = *instance.node;
    if (node.op == Opcode::literal) return slot(node.bits);
    if (node.op == Opcode::bound && instance.scope) return scope_index(instance.scope);
    if (info(node.op).form == Form::leaf) return leaf(instance.node);
    if (node.op == Opcode::project) return loop_of(instance.args[0]).state[static_cast<std::size_t>(node.number)];
    return slot();
  }

  /// The index of the reduction whose body a scope is. That reduction is an instance after those of its body.
  Slot scope_index(const Scope* scope) { return loop_of(placement_.reduction(scope)).index; }

  Slot leaf(Expr node) {
    THEON_CHECK(node->op != Opcode::bound);
    code_.leaves.push_back({node, slot()});
    return code_.leaves.back().slot;
  }

  // Emission. What is to be written waits on a stack, the next task on top.

  void schedule(std::vector<std::function<void()>> tasks) {
    std::ranges::reverse(tasks);
    std::ranges::move(tasks, std::back_inserter(pending_));
  }

  void schedule_region(RegionId id) {
    std::vector<std::function<void()>> tasks;
    for (const InstanceId inside : placement_.region(id).instances) {
      if (is_emitted(inside)) tasks.emplace_back([this, inside] { emit(inside); });
    }
    schedule(std::move(tasks));
  }

  bool is_emitted(InstanceId id) const {
    const Opcode op = instance(id).node->op;
    return info(op).form != Form::leaf && op != Opcode::project;
  }

  bool is_empty(RegionId id) const {
    return std::ranges::none_of(placement_.region(id).instances, [&](InstanceId inside) { return is_emitted(inside); });
  }

  void emit(InstanceId id) {
    const Instance& what = instance(id);
    switch (info(what.node->op).form) {
      case Form::memory:
        return emit_load(id);
      case Form::iteration:
        return emit_reduction(id);
      case Form::selection:
        if (!is_empty(what.first) || !is_empty(what.second)) return emit_select(id);
        return emit_operation(*what.node, slots_[id], arguments(id));
      case Form::arithmetic:
      case Form::comparison:
      case Form::conversion:
      case Form::call:
        return emit_operation(*what.node, slots_[id], arguments(id));
      case Form::leaf:
        return;
    }
  }

  std::vector<Slot> arguments(InstanceId id) const {
    std::vector<Slot> result;
    for (const InstanceId arg : instance(id).args) result.push_back(slots_[arg]);
    return result;
  }

  void emit_operation(const Node& node, Slot result, const std::vector<Slot>& args) {
    Step step{
        .kind = Step::Kind::compute, .result = result, .run = operation(node.op, node.args.back()->dtype, node.dtype)};
    std::ranges::copy(args, step.args.begin());
    code_.steps.push_back(step);
  }

  void emit_operation(Opcode op, Slot result, Slot a, Slot b) {
    code_.steps.push_back({.kind = Step::Kind::compute,
                           .result = result,
                           .args = {a, b},
                           .run = operation(op, DType::int64, DType::int64)});
  }

  void emit_load(InstanceId id) {
    code_.steps.push_back({.kind = Step::Kind::load,
                           .result = slots_[id],
                           .load = instance(id).node.get(),
                           .target = static_cast<std::uint32_t>(code_.operands.size())});
    for (const InstanceId arg : instance(id).args) code_.operands.push_back(slots_[arg]);
  }

  void emit_move(Slot to, Slot from) {
    code_.steps.push_back({.kind = Step::Kind::move, .result = to, .args = {from}});
  }

  /// Returns the number of the step, whose target may still be unknown.
  std::size_t emit_jump(Step::Kind kind, Slot condition = 0, std::uint32_t target = 0) {
    code_.steps.push_back({.kind = kind, .args = {condition}, .target = target});
    return code_.steps.size() - 1;
  }

  std::uint32_t here() const { return static_cast<std::uint32_t>(code_.steps.size()); }
  void land(std::size_t jump) { code_.steps[jump].target = here(); }

  void emit_select(InstanceId id) {
    const Instance& what = instance(id);
    const std::vector<Slot> args = arguments(id);
    const std::size_t to_no = emit_jump(Step::Kind::jump_unless, args[0]);
    schedule({
        [this, region = what.first] { schedule_region(region); },
        [this, id, args, to_no, region = what.second] {
          emit_move(slots_[id], args[1]);
          const std::size_t to_end = emit_jump(Step::Kind::jump);
          land(to_no);
          schedule({
              [this, region] { schedule_region(region); },
              [this, id, args, to_end] {
                emit_move(slots_[id], args[2]);
                land(to_end);
              },
          });
        },
    });
  }

  /// state = identity; if (0 < extent) { what does not change; do { body; combine } while (++index < extent) }
  void emit_reduction(InstanceId id) {
    const Instance& what = instance(id);
    const Loop loop = loop_of(id);
    for (std::size_t c = 0; c < loop.state.size(); ++c)
      emit_move(loop.state[c], slot(what.node->monoid->identity[c]->bits));
    emit_move(loop.index, slot(0));
    const Slot goes_on = slot();
    emit_operation(Opcode::lt, goes_on, loop.index, slots_[what.args[0]]);
    const std::size_t to_end = emit_jump(Step::Kind::jump_unless, goes_on);
    schedule({
        [this, region = what.first] { schedule_region(region); },
        [this, id, goes_on, to_end, region = what.second] {
          const std::uint32_t begin = here();
          schedule({
              [this, region] { schedule_region(region); },
              [this, id, goes_on, to_end, begin] { emit_loop_end(id, goes_on, to_end, begin); },
          });
        },
    });
  }

  void emit_loop_end(InstanceId id, Slot goes_on, std::size_t to_end, std::uint32_t begin) {
    const Instance& what = instance(id);
    const Loop loop = loop_of(id);
    emit_combine(*what.node->monoid, loop.state, arguments(id));
    emit_operation(Opcode::add, loop.index, loop.index, slot(1));
    emit_operation(Opcode::lt, goes_on, loop.index, slots_[what.args[0]]);
    const std::size_t leave = emit_jump(Step::Kind::jump_unless, goes_on);
    emit_jump(Step::Kind::jump, 0, begin);
    land(leave);
    land(to_end);
    if (loop.state.size() == 1) emit_move(slots_[id], loop.state[0]);
  }

  /// state = combine(state, values); `operands` are the extent and the values.
  void emit_combine(const Monoid& monoid, const std::vector<Slot>& state, const std::vector<Slot>& operands) {
    std::unordered_map<const Node*, Slot> done;
    for (const Expr node : postorder(monoid.combine)) {
      done[node.get()] = combine_slot(*node, state, operands);
      if (node->args.empty()) continue;
      std::vector<Slot> args;
      for (const Expr arg : node->args) args.push_back(done.at(arg.get()));
      emit_operation(*node, done[node.get()], args);
    }
    std::vector<Slot> next;
    for (const Expr value : monoid.combine) next.push_back(copied(done.at(value.get()), state));
    for (std::size_t c = 0; c < state.size(); ++c) emit_move(state[c], next[c]);
  }

  Slot combine_slot(const Node& node, const std::vector<Slot>& state, const std::vector<Slot>& operands) {
    if (node.op == Opcode::literal) return slot(node.bits);
    if (node.op != Opcode::argument) return slot();
    const auto number = static_cast<std::size_t>(node.number);
    return number < state.size() ? state[number] : operands[1 + number - state.size()];
  }

  /// A component that is another's old value must be saved before that one changes.
  Slot copied(Slot value, const std::vector<Slot>& state) {
    if (std::ranges::find(state, value) == state.end()) return value;
    const Slot copy = slot();
    emit_move(copy, value);
    return copy;
  }

  Placement placement_;
  std::vector<Slot> slots_;
  std::unordered_map<InstanceId, Loop> loops_;
  std::vector<std::function<void()>> pending_;
  ScalarCode code_;
};

}  // namespace

ScalarCode scalar_code(std::span<const Expr> roots) { return Translator(roots).take(); }

}  // namespace theon::ir

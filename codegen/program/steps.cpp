#include "codegen/program/steps.h"

#include "src/ir/dim_node.h"
#include "src/ir/loop_walk.h"

#include <algorithm>

namespace theon::codegen {

namespace {

/// The lists of steps inside a step.
using Blocks = std::vector<std::span<const Step>>;

/// Appends those of `more` that are not there yet.
template <class T>
void unite(std::vector<T>& all, const std::vector<T>& more) {
  for (const T& x : more)
    if (std::find(all.begin(), all.end(), x) == all.end()) all.push_back(x);
}

/// What `of` says about the steps of all lists.
template <class T, class Of>
std::vector<T> united(const Blocks& blocks, Of of) {
  std::vector<T> all;
  for (const std::span<const Step>& block : blocks)
    for (const Step& step : block) unite(all, of(step));
  return all;
}

Blocks blocks(const LoopStep& step) { return step.test ? Blocks{step.test->steps, step.body} : Blocks{step.body}; }
Blocks blocks(const BranchStep& step) { return {step.then, step.otherwise}; }

struct Reads {
  std::vector<ValueId> operator()(const KernelStep& step) const { return step.reads; }
  std::vector<ValueId> operator()(const CopyStep& step) const { return {step.from}; }
  std::vector<ValueId> operator()(const HostStep& step) const {
    std::vector<ValueId> values;
    unite(values, step.inputs);
    return values;
  }
  std::vector<ValueId> operator()(const BindStep& step) const { return {step.value}; }
  std::vector<ValueId> operator()(const CheckStep& step) const { return {step.condition}; }
  std::vector<ValueId> operator()(const IndexStep& step) const {
    return step.of_sizes ? std::vector<ValueId>{} : std::vector{step.indices};
  }
  std::vector<ValueId> operator()(const LoopStep& step) const {
    std::vector<ValueId> values = united<ValueId>(blocks(step), [](const Step& s) { return reads(s); });
    for (const Carried& state : step.carried) unite(values, {state.current});
    if (step.test) unite(values, {step.test->condition});
    return values;
  }
  std::vector<ValueId> operator()(const BranchStep& step) const {
    std::vector<ValueId> values{step.condition};
    unite(values, united<ValueId>(blocks(step), [](const Step& s) { return reads(s); }));
    return values;
  }
};

struct Writes {
  std::vector<ValueId> operator()(const KernelStep& step) const { return step.writes; }
  std::vector<ValueId> operator()(const CopyStep& step) const { return {step.to}; }
  std::vector<ValueId> operator()(const HostStep& step) const { return step.outputs; }
  std::vector<ValueId> operator()(const BindStep&) const { return {}; }
  std::vector<ValueId> operator()(const CheckStep&) const { return {}; }
  std::vector<ValueId> operator()(const IndexStep&) const { return {}; }
  std::vector<ValueId> operator()(const LoopStep& step) const {
    std::vector<ValueId> values = united<ValueId>(blocks(step), [](const Step& s) { return writes(s); });
    for (const Carried& state : step.carried) unite(values, {state.current, state.next});
    return values;
  }
  std::vector<ValueId> operator()(const BranchStep& step) const {
    return united<ValueId>(blocks(step), [](const Step& s) { return writes(s); });
  }
};

struct Binds {
  std::vector<Dim> operator()(const KernelStep&) const { return {}; }
  std::vector<Dim> operator()(const CopyStep&) const { return {}; }
  std::vector<Dim> operator()(const HostStep& step) const {
    std::vector<Dim> symbols;
    for (const Op::Binding& binding : step.node->op->binds())
      if (binding.axis >= 0) unite(symbols, {binding.symbol});
    return symbols;
  }
  std::vector<Dim> operator()(const BindStep& step) const { return {step.symbol}; }
  std::vector<Dim> operator()(const CheckStep&) const { return {}; }
  std::vector<Dim> operator()(const IndexStep&) const { return {}; }
  std::vector<Dim> operator()(const LoopStep& step) const {
    std::vector<Dim> symbols = united<Dim>(blocks(step), [](const Step& s) { return binds(s); });
    unite(symbols, {step.counter});
    return symbols;
  }
  std::vector<Dim> operator()(const BranchStep& step) const {
    return united<Dim>(blocks(step), [](const Step& s) { return binds(s); });
  }
};

std::vector<Dim> parameters(const ir::Kernel& kernel) {
  std::vector<Dim> found;
  const auto collect = [&](ir::Expr root) {
    for (ir::Expr e : ir::postorder(std::span(&root, 1)))
      if (e->op == ir::Opcode::parameter) unite(found, symbols(*e->dim));
  };
  ir::for_each_statement(kernel.body, [&](const ir::Statement& statement) {
    for (ir::Expr e : ir::expressions(statement)) collect(e);
  });
  for (const ir::Buffer& buffer : kernel.buffers)
    if (buffer.size) collect(buffer.size);
  return found;
}

bool has_report(const ir::Kernel& kernel) {
  bool found = false;
  ir::for_each_statement(kernel.body, [&](const ir::Statement& statement) {
    found = found || std::holds_alternative<ir::Report>(statement.node);
  });
  return found;
}

/// The symbols that a step is written with, beside those of the values it touches.
struct Mentions {
  std::span<const ir::Kernel> kernels;
  const std::vector<Value>& values;

  std::vector<Dim> operator()(const KernelStep& step) const {
    std::vector<Dim> found = symbols(step.trips);
    for (const Phase& phase : step.phases) unite(found, symbols(std::vector<Dim>{phase.trips, phase.work}));
    unite(found, parameters(kernels[step.kernel]));
    return found;
  }
  std::vector<Dim> operator()(const CopyStep&) const { return {}; }
  std::vector<Dim> operator()(const HostStep&) const { return {}; }
  std::vector<Dim> operator()(const BindStep&) const { return {}; }
  std::vector<Dim> operator()(const CheckStep&) const { return {}; }
  std::vector<Dim> operator()(const IndexStep& step) const {
    std::vector<Dim> found = symbols(step.extent);
    if (step.of_sizes) unite(found, symbols(values[step.indices].type.dims));
    return found;
  }
  std::vector<Dim> operator()(const LoopStep& step) const {
    std::vector<Dim> found = symbols(step.trips);
    unite(found, inner(blocks(step)));
    return found;
  }
  std::vector<Dim> operator()(const BranchStep& step) const { return inner(blocks(step)); }

  std::vector<Dim> inner(const Blocks& blocks) const {
    return united<Dim>(blocks, [this](const Step& s) { return needs(s, values, kernels); });
  }
};

struct CanFail {
  const Program& program;

  bool operator()(const KernelStep& step) const {
    return step.is_serial || has_report(program.kernels[step.kernel]) ||
           std::any_of(step.writes.begin(), step.writes.end(), [this](ValueId v) { return is_late(program, v); });
  }
  bool operator()(const CopyStep& step) const { return is_late(program, step.to); }
  bool operator()(const HostStep&) const { return true; }
  bool operator()(const BindStep&) const { return true; }
  bool operator()(const CheckStep&) const { return true; }
  bool operator()(const IndexStep&) const { return true; }
  bool operator()(const LoopStep&) const { return true; }
  bool operator()(const BranchStep& step) const {
    for (const std::span<const Step>& block : blocks(step))
      if (std::any_of(block.begin(), block.end(), [this](const Step& s) { return can_fail(s, program); })) return true;
    return false;
  }
};

struct Where {
  Location operator()(const KernelStep& step) const { return step.where; }
  Location operator()(const CopyStep&) const { return {}; }
  Location operator()(const HostStep& step) const { return step.node->where; }
  Location operator()(const BindStep&) const { return {}; }
  Location operator()(const CheckStep& step) const { return step.where; }
  Location operator()(const IndexStep& step) const { return step.where; }
  Location operator()(const LoopStep& step) const { return step.where; }
  Location operator()(const BranchStep& step) const { return step.where; }
};

}  // namespace

std::vector<ValueId> reads(const Step& step) { return std::visit(Reads(), step.node); }
std::vector<ValueId> writes(const Step& step) { return std::visit(Writes(), step.node); }
std::vector<Dim> binds(const Step& step) { return std::visit(Binds(), step.node); }

std::vector<Dim> needs(const Step& step, const std::vector<Value>& values, std::span<const ir::Kernel> kernels) {
  std::vector<Dim> found = std::visit(Mentions{kernels, values}, step.node);
  for (ValueId v : reads(step)) unite(found, symbols(values[v].type.dims));
  for (ValueId v : writes(step)) unite(found, symbols(values[v].type.dims));
  const std::vector<Dim> own = binds(step);
  std::erase_if(found, [&](const Dim& symbol) { return std::find(own.begin(), own.end(), symbol) != own.end(); });
  return found;
}

bool is_late(const Program& program, ValueId value) {
  const auto end = program.symbols.begin() + static_cast<std::ptrdiff_t>(program.entry_symbols);
  const std::vector<Dim> used = symbols(program.values[value].type.dims);
  return std::any_of(used.begin(), used.end(),
                     [&](const Dim& symbol) { return std::find(program.symbols.begin(), end, symbol) == end; });
}

std::vector<std::span<const Step>> blocks(const Step& step) {
  if (const auto* loop = std::get_if<LoopStep>(&step.node)) return blocks(*loop);
  if (const auto* branch = std::get_if<BranchStep>(&step.node)) return blocks(*branch);
  return {};
}

bool is_straight(const Program& program) {
  return std::ranges::all_of(program.steps, [](const Step& step) {
    return !std::holds_alternative<LoopStep>(step.node) && !std::holds_alternative<BranchStep>(step.node);
  });
}

bool can_fail(const Step& step, const Program& program) { return std::visit(CanFail{program}, step.node); }
Location where(const Step& step) { return std::visit(Where(), step.node); }

}  // namespace theon::codegen

#include "runtime/executable.h"

#include "codegen/program/steps.h"
#include "src/ir/size.h"
#include "src/support/check.h"

#include <algorithm>
#include <unordered_set>

namespace theon::runtime {

namespace {

using codegen::Placement;
using codegen::Program;
using codegen::Step;
using Home = Placement::Home;

/// The size of scratch memory.
Dim scratch_elements(const ir::Buffer& buffer) {
  const std::optional<Dim> size = ir::as_dim(buffer.size);
  if (!size) fail<InternalError>({}, "the size of scratch memory is {}", to_string(buffer.size));
  return *size;
}

/// Translates steps. Values whose size is late are opened by the first call that writes them.
class Translator {
 public:
  explicit Translator(Executable& target) : target_(target) {}

  std::vector<Call> translate(const std::vector<Step>& steps) {
    std::vector<Call> calls;
    for (const Step& step : steps) {
      // A loop or branch opens what it writes inside, so that states may change places between iterations: unless it
      // learns the size inside.
      std::vector<ValueId> opens = opened(step);
      where_ = codegen::where(step);
      const std::size_t number = next_++;
      calls.push_back({number,
                       std::visit([this](const auto& s) -> decltype(Call::node) { return translate(s); }, step.node),
                       std::move(opens), &step, counters_});
    }
    return calls;
  }

 private:
  KernelCall translate(const codegen::KernelStep& step) {
    KernelCall call{step.kernel, number(step.trips), step.is_serial, {}};
    for (const codegen::Phase& phase : step.phases) call.phases.push_back({number(phase.trips), number(phase.work)});
    return call;
  }

  CopyCall translate(const codegen::CopyStep& step) { return {step.from, step.to}; }

  HostCall translate(const codegen::HostStep& step) {
    HostCall call{static_cast<const HostOp*>(step.node->op.get()), step.inputs, step.outputs, {}, target_.host_calls++};
    for (const Op::Binding& binding : step.node->op->binds())
      if (binding.axis >= 0 && target_.sizes.has_place(binding.symbol))
        call.binds.push_back({target_.sizes.place(binding.symbol), binding.output, binding.axis});
    return call;
  }

  BindCall translate(const codegen::BindStep& step) { return {target_.sizes.place(step.symbol), step.value}; }
  CheckCall translate(const codegen::CheckStep& step) { return {step.condition}; }
  IndexCall translate(const codegen::IndexStep& step) { return {step.indices, number(step.extent)}; }
  LoopCall translate(const codegen::LoopStep& step) {
    LoopCall call{target_.sizes.place(step.counter), number(step.trips), step.carried, {}, {}};
    counters_.push_back(call.counter);
    if (step.test) call.test = CallTest{translate(step.test->steps), step.test->condition};
    call.body = translate(step.body);
    counters_.pop_back();
    return call;
  }
  BranchCall translate(const codegen::BranchStep& step) {
    return {step.condition, translate(step.then), translate(step.otherwise)};
  }

  SizeNumber number(const Dim& dim) { return target_.sizes.add(dim, where_); }

  std::vector<ValueId> opened(const Step& step) {
    const std::vector<Dim> learnt = codegen::binds(step);
    std::vector<ValueId> values = codegen::writes(step);
    std::erase_if(
        values, [&](ValueId v) { return !needs_memory(v) || mentions_one_of(v, learnt) || !opened_.insert(v).second; });
    return values;
  }

  bool mentions_one_of(ValueId v, const std::vector<Dim>& learnt) const {
    const std::vector<Dim> used = symbols(target_.program.values[v].type.dims);
    return std::any_of(used.begin(), used.end(), [&](const Dim& symbol) {
      return std::find(learnt.begin(), learnt.end(), symbol) != learnt.end();
    });
  }

  bool needs_memory(ValueId v) const {
    const Home home = target_.program.placements[v].home;
    return home == Home::late || (home == Home::output && target_.values[v].is_late);
  }

  Executable& target_;
  std::size_t next_ = 0;
  std::vector<std::size_t> counters_;
  std::unordered_set<ValueId> opened_;
  Location where_;  // of the step being translated
};

std::vector<std::size_t> late_places(const std::vector<Dim>& dims, const Program& program, const DimTable& sizes) {
  std::vector<std::size_t> places;
  for (const Dim& symbol : symbols(dims))
    if (sizes.place(symbol) >= program.entry_symbols) places.push_back(sizes.place(symbol));
  return places;
}

std::vector<ValueSize> value_sizes(const Program& program, DimTable& sizes) {
  std::vector<ValueSize> values;
  for (std::size_t v = 0; v < program.values.size(); ++v) {
    ValueSize size{program.values[v].type.dtype, {}, false};
    if (program.placements[v].home != Home::nowhere) {
      for (const Dim& dim : program.values[v].type.dims)
        size.axes.push_back(sizes.add(dim, program.values[v].variable.where()));
      size.is_late = !late_places(program.values[v].type.dims, program, sizes).empty();
    }
    values.push_back(std::move(size));
  }
  return values;
}

std::vector<std::vector<ScratchSize>> scratch_sizes(const Program& program, DimTable& sizes) {
  std::vector<std::vector<ScratchSize>> kernels;
  for (const ir::Kernel& kernel : program.kernels) {
    std::vector<ScratchSize>& buffers = kernels.emplace_back();
    for (const ir::Buffer& buffer : kernel.buffers)
      if (buffer.access == ir::Access::scratch)
        buffers.push_back({sizes.add(scratch_elements(buffer)), size_of(buffer.dtype)});
  }
  return kernels;
}

bool has_places(const std::vector<Dim>& dims, const DimTable& sizes) {
  const std::vector<Dim> used = symbols(dims);
  return std::all_of(used.begin(), used.end(), [&](const Dim& symbol) { return sizes.has_place(symbol); });
}

std::vector<ValueId> residents(const Program& program, Home home, std::size_t number) {
  std::vector<ValueId> values;
  for (std::size_t v = 0; v < program.placements.size(); ++v)
    if (program.placements[v].home == home && program.placements[v].number == number)
      values.push_back(static_cast<ValueId>(v));
  return values;
}

std::vector<ValueId> residents(const Program& program, Home home) {
  std::vector<ValueId> values;
  for (std::size_t v = 0; v < program.placements.size(); ++v)
    if (program.placements[v].home == home) values.push_back(static_cast<ValueId>(v));
  return values;
}

std::vector<OutputSlot> output_slots(const Program& program) {
  std::vector<OutputSlot> slots;
  for (std::size_t k = 0; k < program.outputs.size(); ++k)
    slots.push_back({program.outputs[k], residents(program, Home::output, k)});
  return slots;
}

std::vector<SharedSlot> shared_slots(const Program& program) {
  std::vector<SharedSlot> slots;
  for (std::size_t k = 0; k < program.shared.size(); ++k) {
    const codegen::SharedUse& use = program.shared[k];
    slots.push_back({as_shared(use.variable)->state.get(), use.variable.node()->serial,
                     residents(program, Home::shared, k), residents(program, Home::spare, k), use.update.has_value(),
                     use.in_place});
  }
  std::sort(slots.begin(), slots.end(), [](const SharedSlot& a, const SharedSlot& b) { return a.order < b.order; });
  return slots;
}

void list_by_number(const std::vector<Call>& calls, std::vector<const Call*>& list) {
  for (const Call& call : calls) {
    list.push_back(&call);
    if (const auto* loop = std::get_if<LoopCall>(&call.node)) {
      if (loop->test) list_by_number(loop->test->calls, list);
      list_by_number(loop->body, list);
    } else if (const auto* branch = std::get_if<BranchCall>(&call.node)) {
      list_by_number(branch->then, list);
      list_by_number(branch->otherwise, list);
    }
  }
}

}  // namespace

Executable::Executable(codegen::Program made, const Code& code, const std::vector<Obligation>& obligations,
                       Team made_team)
    : program(std::move(made)),
      team(std::move(made_team)),
      sizes(program.symbols),
      values(value_sizes(program, sizes)),
      calls(Translator(*this).translate(program.steps)),
      scratch(scratch_sizes(program, sizes)),
      outputs(output_slots(program)),
      shared(shared_slots(program)),
      constants(residents(program, Home::constant)),
      arena(residents(program, Home::arena)),
      code_(&code) {
  list_by_number(calls, by_number);
  for (const std::vector<ScratchSize>& kernel : scratch)
    for (const ScratchSize& buffer : kernel)
      has_late_scratch = has_late_scratch || !late_places({sizes.dim(buffer.elements)}, program, sizes).empty();
  for (const Obligation& obligation : obligations)
    if (has_places({obligation.left, obligation.right}, sizes)) add(obligation);
}

void Executable::add(const Obligation& obligation) {
  SizeRelation relation{obligation.relation,
                        sizes.add(obligation.left, obligation.where),
                        sizes.add(obligation.right, obligation.where),
                        obligation.where,
                        obligation.message,
                        late_places({obligation.left, obligation.right}, program, sizes)};
  (relation.late_places.empty() ? entry_relations : late_relations).push_back(std::move(relation));
}

}  // namespace theon::runtime

#include "codegen/schedule/schedule.h"

#include "codegen/schedule/columns.h"
#include "codegen/schedule/extremes.h"
#include "codegen/schedule/flat_reductions.h"
#include "codegen/schedule/group.h"
#include "codegen/schedule/loop.h"
#include "codegen/schedule/lower.h"
#include "codegen/schedule/moments.h"
#include "codegen/schedule/pieces.h"
#include "codegen/schedule/product.h"
#include "codegen/schedule/row_reductions.h"
#include "codegen/schedule/tiles.h"
#include "codegen/schedule/unrolled_loop.h"
#include "codegen/schedule/work.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace theon::codegen {

namespace {

using ValueSet = std::unordered_set<ValueId>;

/// What later parts of the program share: values and kernels.
struct Target {
  Schedule& result;
  ir::Pool& pool;
  const Machine& machine;
};

/// With reductions written as they run fastest.
std::vector<Work> in_fast_forms(std::span<const Work> works, const Target& target) {
  const std::vector<Work> flat = with_flat_reductions(works, target.result.values, target.pool);
  return with_moments_together(with_fast_extremes(flat, target.pool, target.machine), target.pool);
}

/// One list of works as steps; loop bodies are lists of their own.
class Scheduler {
 public:
  /// `needed` are the values that someone outside of the list reads.
  Scheduler(Target target, std::span<const Work> works, ValueSet needed)
      : target_(target),
        tasks_(merge_nests(in_fast_forms(works, target), target.result.values)),
        needed_(std::move(needed)) {
    for (std::size_t t = 0; t < tasks_.size(); ++t)
      for (ValueId v : reads(tasks_[t])) readers_[v].push_back(t);
  }

  std::vector<Step> run() {
    for (current_ = 0; current_ < tasks_.size(); ++current_)
      std::visit([this](const auto& task) { add(task); }, tasks_[current_]);
    return std::move(steps_);
  }

 private:
  /// Who reads a value that the current task computes.
  Readers readers_of(ValueId value) const {
    const auto it = readers_.find(value);
    if (it != readers_.end() && std::ranges::any_of(it->second, [&](std::size_t reader) { return reader != current_; }))
      return Readers::steps;
    if (!needed_.contains(value)) return Readers::kernel;
    return std::ranges::find(target_.result.outputs, value) != target_.result.outputs.end() ? Readers::caller
                                                                                            : Readers::steps;
  }

  void add(const Group& group) {
    const std::function<Readers(ValueId)> readers = [this](ValueId v) { return readers_of(v); };
    add_kernel(lowered(group, input(readers)), results(group), group.nests[0].where, estimate(group, readers),
               work_.of(group, target_.result.values));
    for (const Nest& nest : group.nests)
      if (!nest.prefix.empty()) std::get<KernelStep>(steps_.back().node).slices.push_back(nest.result);
  }

  /// What is compared for being equal has the same bits wherever it is computed again. Contraction would depend on what
  /// stands around it: the largest element of a row would not be found again.
  static bool compares(const Group& group) {
    return std::ranges::any_of(group.nests, [](const Nest& nest) {
      return std::ranges::any_of(ir::postorder(std::span(&nest.element, 1)), [](ir::Expr e) {
        if (e->op == ir::Opcode::eq || e->op == ir::Opcode::ne) return is_floating(e->args[0]->dtype);
        if (e->op != ir::Opcode::reduce) return false;
        const ir::Opcode combine = e->monoid->combine[0]->op;
        return combine != ir::Opcode::add && combine != ir::Opcode::mul;
      });
    });
  }

  static LoweredKernel lowered(const Group& group, const LoweringInput& input) {
    LoweredKernel kernel = lowered_somehow(group, input);
    kernel.kernel.contracts = !compares(group);
    return kernel;
  }

  static LoweredKernel lowered_somehow(const Group& group, const LoweringInput& input) {
    if (group.strips) return lower(group, input);
    for (const auto special : {lower_columns, lower_rows, lower_tiles, lower_pieces})
      if (std::optional<LoweredKernel> kernel = special(group, input)) return std::move(*kernel);
    return lower(group, input);
  }

  void add(const Scatter& scatter) {
    add_step(CopyStep{scatter.base, scatter.result});
    add_kernel(lower(scatter, input({})), {}, scatter.where, estimate(scatter));
  }

  void add(const Contraction& product) {
    add_kernel(lower(product, input({})), {}, product.where, estimate(product),
               work_.of(product, target_.result.values));
  }
  void add(const HostCall& call) { add_step(HostStep{call.node, call.inputs, call.outputs}); }
  void add(const Copy& copy) { add_step(CopyStep{copy.from, copy.to}); }

  void add(const Loop& loop) {
    ValueSet needed = needed_outside();
    for (const Carried& state : loop.carried) needed.insert(state.next);
    if (loop.test) needed.insert(loop.test->condition);
    if (add_as_kernel(loop, needed)) return;
    LoopStep step{loop.counter, loop.trips, loop.carried, {}, {}, loop.where};
    if (loop.test) step.test = StepTest{inner(loop.test->works, needed), loop.test->condition};
    step.body = inner(loop.body, needed);
    add_step(std::move(step));
  }

  bool add_as_kernel(const Loop& loop, const ValueSet& needed) {
    const std::vector<Task> body = merge_nests(loop.body, target_.result.values);
    const std::function<Readers(ValueId)> readers = [&needed](ValueId v) {
      return needed.contains(v) ? Readers::steps : Readers::kernel;
    };
    std::optional<LoweredKernel> kernel = lower_unrolled(loop, body, input(readers));
    if (!kernel) kernel = lower(loop, body, input(readers));
    if (!kernel) return false;
    kernel->kernel.contracts =
        std::ranges::none_of(body, [](const Task& task) { return compares(std::get<Group>(task)); });
    ValueSet made;
    Estimate iteration;
    for (const Task& task : body) {
      made.merge(results(std::get<Group>(task)));
      iteration += estimate(std::get<Group>(task), readers);
    }
    add_kernel(std::move(*kernel), made, loop.where, iteration.times(loop.trips));
    std::get<KernelStep>(steps_.back().node).is_serial = true;
    return true;
  }

  void add(const Branch& branch) {
    const ValueSet needed = needed_outside();
    add_step(BranchStep{branch.condition, inner(branch.then, needed), inner(branch.otherwise, needed), branch.where});
  }

  /// What something beside the current task reads.
  ValueSet needed_outside() const {
    ValueSet needed = needed_;
    for (const auto& [value, readers] : readers_)
      if (readers.size() > 1 || readers[0] != current_) needed.insert(value);
    return needed;
  }

  std::vector<Step> inner(std::span<const Work> works, ValueSet needed) {
    return Scheduler(target_, works, std::move(needed)).run();
  }

  template <class Work>
  Estimate estimate(const Work& work) const {
    return work_.estimate(work, target_.result.values);
  }
  Estimate estimate(const Group& group, const std::function<Readers(ValueId)>& readers) const {
    return work_.estimate(group, target_.result.values, [&](ValueId v) { return readers(v) != Readers::kernel; });
  }

  LoweringInput input(const std::function<Readers(ValueId)>& readers) const {
    return {target_.result.values, readers, target_.pool, target_.machine};
  }

  static ValueSet results(const Group& group) {
    ValueSet made;
    for (const Nest& nest : group.nests) made.insert(nest.result);
    return made;
  }

  /// `made`: values that the kernel reads only after it wrote them. Without `work` its iterations run in order.
  void add_kernel(LoweredKernel lowered, ValueSet made, Location where, Estimate estimate,
                  const std::optional<Dim>& work = {}) {
    std::vector<ir::Kernel>& kernels = target_.result.kernels;
    made.insert(lowered.temporaries.begin(), lowered.temporaries.end());
    KernelStep step{kernels.size(), lowered.trips, {}, {}, where};
    for (const ir::Buffer& buffer : lowered.kernel.buffers) {
      if (buffer.access == ir::Access::scratch) continue;
      if (buffer.access != ir::Access::write && !made.contains(buffer.slot)) step.reads.push_back(buffer.slot);
      if (buffer.access != ir::Access::read) step.writes.push_back(buffer.slot);
    }
    std::ranges::copy_if(made, std::back_inserter(step.inside),
                         [&](ValueId v) { return std::ranges::find(step.writes, v) == step.writes.end(); });
    std::ranges::sort(step.inside);
    step.phases = std::move(lowered.phases);
    step.own = std::move(lowered.own);
    step.estimate = std::move(estimate);
    if (work && step.phases.empty() && step.trips != Dim(1)) step.phases = {{step.trips, *work}};
    if (runs_whole(step)) lowered.kernel.trips = step.trips.known();
    lowered.kernel.name += "_" + std::to_string(kernels.size());
    kernels.push_back(std::move(lowered.kernel));
    add_step(std::move(step));
  }

  /// Whether sharing it among threads is never worth it.
  static bool runs_whole(const KernelStep& step) {
    Dim work = 0;
    for (const Phase& phase : step.phases) work = work + phase.work;
    return less_equal(worth_sharing, work) == Answer::no;
  }

  template <class Kind>
  void add_step(Kind step) {
    steps_.push_back({std::move(step)});
  }

  Target target_;
  const WorkModel work_{target_.machine};
  std::vector<Task> tasks_;
  ValueSet needed_;
  std::unordered_map<ValueId, std::vector<std::size_t>> readers_;
  std::size_t current_ = 0;
  std::vector<Step> steps_;
};

}  // namespace

Schedule schedule(Partition partition, ir::Pool& pool, const Machine& machine) {
  Schedule result;
  result.values = std::move(partition.values);
  result.outputs = std::move(partition.outputs);
  result.steps =
      Scheduler({result, pool, machine}, partition.works, ValueSet(result.outputs.begin(), result.outputs.end())).run();
  return result;
}

}  // namespace theon::codegen

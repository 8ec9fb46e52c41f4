#include "codegen/program/in_place.h"

#include "codegen/program/arena.h"
#include "codegen/program/order.h"
#include "codegen/program/overwrite.h"
#include "codegen/program/placement.h"
#include "codegen/program/steps.h"
#include "src/ir/dim_node.h"

#include <algorithm>
#include <utility>

namespace theon::codegen {

namespace {

bool contains(const std::vector<ValueId>& values, ValueId value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// An order of the steps that can run, and the updates that are written in place, by shared variable.
struct Order {
  std::vector<std::size_t> steps;
  std::vector<bool> in_place;
};

/// Sizes that are learnt at a call count as this.
constexpr std::int64_t usual_size = 256;

std::int64_t usual_bytes(const Value& value) {
  constexpr double most = 0x1p40;
  double bytes = static_cast<double>(size_of(value.type.dtype));
  try {
    for (const Dim& dim : value.type.dims)
      bytes *= static_cast<double>(std::max<std::int64_t>(0, evaluate(dim, [](SymbolId) { return usual_size; })));
  } catch (const ShapeError&) {  // beyond all integers
    bytes = most;
  }
  return static_cast<std::int64_t>(std::min(bytes, most));
}

class InPlace {
 public:
  explicit InPlace(Program& program) : program_(program), edges_(program.steps, program.values, program.kernels) {
    for (const Step& step : program.steps) {
      reads_.push_back(reads(step));
      writes_.push_back(writes(step));
      can_fail_.push_back(can_fail(step, program));
    }
  }

  /// As many of the updates that are allowed in place as possible.
  Order in_list_order(std::vector<bool> allowed) const {
    const StepOrder order = bound(allowed);
    return {order.sorted(), std::move(allowed)};
  }

  /// The same, where steps that need little new memory, or end the use of much, run early.
  Order in_memory_order(std::vector<bool> allowed) const {
    const StepOrder order = bound(allowed);
    return {order.sorted_by([&](std::size_t n, const std::vector<bool>& has_run) { return growth(n, has_run); }),
            std::move(allowed)};
  }

  /// Whether a step besides the one that writes the update reads the old value: then it matters where the update goes.
  bool has_other_readers(const SharedUse& use) const {
    const std::optional<std::size_t> writer = first_writer(*use.update);
    for (std::size_t n = 0; n < reads_.size(); ++n)
      if (n != writer && use.value && contains(reads_[n], *use.value)) return true;
    return false;
  }

  void apply(const Order& order) {
    for (std::size_t k = 0; k < order.in_place.size(); ++k) program_.shared[k].in_place = order.in_place[k];
    std::vector<Step> steps;
    program_.point_of_no_return = program_.steps.size();
    for (std::size_t n : order.steps) {
      if (overwrites(n)) program_.point_of_no_return = std::min(program_.point_of_no_return, steps.size());
      steps.push_back(std::move(program_.steps[n]));
    }
    program_.steps = std::move(steps);
  }

 private:
  /// The order's edges once the updates that can be are in place; `allowed` then says which are.
  StepOrder bound(std::vector<bool>& allowed) const {
    StepOrder order = edges_;
    for (std::size_t k = 0; k < allowed.size(); ++k) {
      const SharedUse& use = program_.shared[k];
      allowed[k] = allowed[k] && use.update && settle(use, order);
    }
    return order;
  }

  /// Whether the update can live in the variable's own memory; then the order is bound to it.
  bool settle(const SharedUse& use, StepOrder& order) const {
    const std::optional<std::size_t> writer = first_writer(*use.update);
    if (!writer || can_fail_[*writer]) return false;
    if (use.value && !may_overwrite(program_.steps[*writer], *use.value, *use.update, program_.kernels)) return false;
    const std::vector<std::size_t> earlier = must_precede(use, *writer);
    const std::vector<bool> later = order.followers(*writer);
    if (std::any_of(earlier.begin(), earlier.end(), [&](std::size_t step) { return later[step]; })) return false;
    for (std::size_t step : earlier) order.add_edge(step, *writer);
    return true;
  }

  std::optional<std::size_t> first_writer(ValueId value) const {
    for (std::size_t n = 0; n < writes_.size(); ++n)
      if (contains(writes_[n], value)) return n;
    return std::nullopt;
  }

  /// The steps that read the old value, and those that can fail.
  std::vector<std::size_t> must_precede(const SharedUse& use, std::size_t writer) const {
    std::vector<std::size_t> steps;
    for (std::size_t n = 0; n < reads_.size(); ++n)
      if (n != writer && (can_fail_[n] || (use.value && contains(reads_[n], *use.value)))) steps.push_back(n);
    return steps;
  }

  /// The bytes of passing values that the step is the first to write, less those that it is the last to read.
  std::int64_t growth(std::size_t step, const std::vector<bool>& has_run) const {
    std::int64_t bytes = 0;
    const auto is_done_without = [&](const std::vector<std::vector<ValueId>>& lists, ValueId v, bool run) {
      for (std::size_t n = 0; n < lists.size(); ++n)
        if (n != step && has_run[n] == run && contains(lists[n], v)) return false;
      return true;
    };
    for (ValueId v : writes_[step])
      if (passes(v) && is_done_without(writes_, v, true)) bytes += usual_bytes(program_.values[v]);
    for (ValueId v : reads_[step])
      if (passes(v) && is_done_without(reads_, v, false)) bytes -= usual_bytes(program_.values[v]);
    return bytes;
  }

  /// Whether the value lives during the call alone.
  bool passes(ValueId v) const {
    return program_.values[v].origin == Value::Origin::computed && !contains(program_.outputs, v) &&
           std::ranges::none_of(program_.shared, [v](const SharedUse& use) { return use.update == v; });
  }

  bool overwrites(std::size_t step) const {
    return std::any_of(program_.shared.begin(), program_.shared.end(),
                       [&](const SharedUse& use) { return use.in_place && contains(writes_[step], *use.update); });
  }

  Program& program_;
  const StepOrder edges_;
  std::vector<std::vector<ValueId>> reads_, writes_;
  std::vector<bool> can_fail_;
};

/// What values between steps and second buffers of shared variables would take.
std::int64_t bytes_of(const Order& order, const Program& program) {
  Program trial = program;
  trial.steps.clear();
  for (std::size_t n : order.steps) trial.steps.push_back(program.steps[n]);
  std::int64_t bytes = 0;
  for (std::size_t k = 0; k < order.in_place.size(); ++k) {
    trial.shared[k].in_place = order.in_place[k];
    if (trial.shared[k].update && !order.in_place[k]) bytes += usual_bytes(program.values[*trial.shared[k].update]);
  }
  place_values(trial);
  return bytes + static_cast<std::int64_t>(plan(trial, [&](ValueId v) {
                                             return static_cast<std::size_t>(usual_bytes(trial.values[v]));
                                           }).bytes);
}

/// Among orders of few steps the one that needs the least memory: an update that has to wait for readers of the old
/// value may keep more alive than a second buffer takes.
Order least_memory(Order best, const InPlace& steps, const Program& program) {
  constexpr std::size_t most_steps = 128, most_trials = 8;
  constexpr std::int64_t least_gain = std::int64_t{1} << 16;
  if (program.steps.size() < 3 || program.steps.size() > most_steps) return best;
  std::int64_t bytes = bytes_of(best, program);
  const auto try_out = [&](Order order) {
    if (bytes < least_gain) return false;
    const std::int64_t found = bytes_of(order, program);
    if (found > bytes - least_gain) return false;
    bytes = found;
    best = std::move(order);
    return true;
  };
  std::vector<bool> allowed = best.in_place;
  try_out(steps.in_memory_order(allowed));
  std::size_t trials = 0;
  for (std::size_t k = 0; k < allowed.size() && trials < most_trials; ++k) {
    if (!allowed[k] || !steps.has_other_readers(program.shared[k])) continue;
    ++trials;
    allowed[k] = false;
    if (!try_out(steps.in_memory_order(allowed))) allowed[k] = true;
  }
  return best;
}

}  // namespace

void order_steps(Program& program, bool in_place) {
  InPlace steps(program);
  const std::vector<bool> allowed(program.shared.size(), in_place);
  steps.apply(least_memory(steps.in_list_order(allowed), steps, program));
}

}  // namespace theon::codegen

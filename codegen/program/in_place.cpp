#include "codegen/program/in_place.h"

#include "codegen/program/order.h"
#include "codegen/program/overwrite.h"
#include "codegen/program/steps.h"

#include <algorithm>
#include <utility>

namespace theon::codegen {

namespace {

bool contains(const std::vector<ValueId>& values, ValueId value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

class InPlace {
 public:
  explicit InPlace(Program& program) : program_(program), order_(program.steps, program.values, program.kernels) {
    for (const Step& step : program.steps) {
      reads_.push_back(reads(step));
      writes_.push_back(writes(step));
      can_fail_.push_back(can_fail(step, program));
    }
  }

  void choose() {
    for (SharedUse& use : program_.shared)
      if (use.update) use.in_place = settle(use);
  }

  void reorder() {
    std::vector<Step> steps;
    program_.point_of_no_return = program_.steps.size();
    for (std::size_t n : order_.sorted()) {
      if (overwrites(n)) program_.point_of_no_return = std::min(program_.point_of_no_return, steps.size());
      steps.push_back(std::move(program_.steps[n]));
    }
    program_.steps = std::move(steps);
  }

 private:
  /// Whether the update can live in the variable's own memory; then the order is bound to it.
  bool settle(const SharedUse& use) {
    const std::optional<std::size_t> writer = first_writer(*use.update);
    if (!writer || can_fail_[*writer]) return false;
    if (use.value && !may_overwrite(program_.steps[*writer], *use.value, *use.update, program_.kernels)) return false;
    const std::vector<std::size_t> earlier = must_precede(use, *writer);
    const std::vector<bool> later = order_.followers(*writer);
    if (std::any_of(earlier.begin(), earlier.end(), [&](std::size_t step) { return later[step]; })) return false;
    for (std::size_t step : earlier) order_.add_edge(step, *writer);
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

  bool overwrites(std::size_t step) const {
    return std::any_of(program_.shared.begin(), program_.shared.end(),
                       [&](const SharedUse& use) { return use.in_place && contains(writes_[step], *use.update); });
  }

  Program& program_;
  StepOrder order_;
  std::vector<std::vector<ValueId>> reads_, writes_;
  std::vector<bool> can_fail_;
};

}  // namespace

void order_steps(Program& program, bool in_place) {
  InPlace steps(program);
  if (in_place) steps.choose();
  steps.reorder();
}

}  // namespace theon::codegen

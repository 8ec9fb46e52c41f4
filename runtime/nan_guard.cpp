#include "runtime/nan_guard.h"

#include "codegen/program/steps.h"
#include "runtime/element_place.h"
#include "src/graph/op.h"
#include "src/support/check.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <variant>

namespace theon::runtime {

namespace {

/// The position of the first element that is not finite, in row-major order; the number of elements where all are.
std::int64_t first_wild(const std::vector<double>& elements) {
  std::int64_t position = 0;
  while (position < std::ssize(elements) && std::isfinite(elements[position])) ++position;
  return position;
}

/// "x", or the op that computes it.
std::string name_of(const Variable& x) {
  if (!x.name().empty() || !x.owner()) return x.name();
  return "the result of " + x.owner()->op->name();
}

void check(ValueId value, const Context& context) {
  const codegen::Value& written = context.executable().program.values[value];
  if (!is_floating(written.type.dtype)) return;
  const Sizes sizes = context.sizes(value);
  const std::vector<double> elements =
      Tensor::borrow(written.type.dtype, context.buffers[value], sizes).to_vector<double>();
  const std::int64_t position = first_wild(elements);
  if (position == std::ssize(elements)) return;
  fail<CheckError>(written.variable.where(), "{} is {} at {}\n  its expression: {}", name_of(written.variable),
                   elements[position], element_place(position, sizes), to_string(written.variable));
}

/// What a loop writes slice by slice is whole behind the loop only.
std::vector<ValueId> completed(const codegen::KernelStep& step) {
  std::vector<ValueId> whole;
  std::ranges::copy_if(step.writes, std::back_inserter(whole),
                       [&](ValueId value) { return std::ranges::count(step.slices, value) == 0; });
  return whole;
}

/// The steps of the body were watched as they ran; what a branch that never ran would have written is no number.
std::vector<ValueId> completed(const codegen::LoopStep& loop) {
  std::vector<ValueId> whole;
  for (const codegen::Carried& state : loop.carried) whole.push_back(state.current);
  for (const codegen::Step& step : loop.body)
    if (const auto* kernel = std::get_if<codegen::KernelStep>(&step.node))
      whole.insert(whole.end(), kernel->slices.begin(), kernel->slices.end());
  return whole;
}

/// The values that the step has completed.
std::vector<ValueId> completed(const codegen::Step& step) {
  if (const auto* kernel = std::get_if<codegen::KernelStep>(&step.node)) return completed(*kernel);
  if (const auto* loop = std::get_if<codegen::LoopStep>(&step.node)) return completed(*loop);
  return codegen::writes(step);
}

}  // namespace

void NanGuard::has_written(const codegen::Step& step, Context& context) {
  for (ValueId value : completed(step)) check(value, context);
}

}  // namespace theon::runtime

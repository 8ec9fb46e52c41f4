#include "runtime/nan_guard.h"

#include "codegen/program/steps.h"
#include "runtime/element_place.h"
#include "src/graph/op.h"
#include "src/support/check.h"

#include <algorithm>
#include <cmath>
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

}  // namespace

void guard_against_nan(const codegen::Step& step, Context& context) {
  const auto* kernel = std::get_if<codegen::KernelStep>(&step.node);
  // Of what a loop writes slice by slice, the rest is no number yet: the loop itself is watched, too.
  const auto is_whole = [&](ValueId value) {
    return !kernel || std::find(kernel->slices.begin(), kernel->slices.end(), value) == kernel->slices.end();
  };
  for (ValueId value : codegen::writes(step))
    if (is_whole(value)) check(value, context);
}

}  // namespace theon::runtime

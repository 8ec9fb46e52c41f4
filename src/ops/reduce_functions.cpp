// The reductions that users call.
#include "src/graph/print.h"
#include "src/ops/elementwise.h"
#include "src/ops/reduce.h"
#include "src/support/check.h"

#include <algorithm>
#include <memory>
#include <numeric>

namespace theon {

namespace {

int normalized_axis(std::string_view op, const Variable& x, int axis, Location where) {
  const int rank = x.ndim();
  if (axis < -rank || axis >= rank)
    fail<IndexError>(where, "{}: axis {} is out of range for {}, an array of rank {}", op, axis, brief(x), rank);
  return axis < 0 ? axis + rank : axis;
}

bool is_half(DType dtype) { return is_floating(dtype) && size_of(dtype) == 2; }

/// Sums and products of integers and booleans are int64.
Variable widened(const Variable& x, Location where) {
  return is_floating(x.dtype()) ? x : cast_to(x, DType::int64, where);
}

Variable require_operand(std::string_view op, const Operand& x) {
  if (x.value().is_empty()) fail<ArgumentError>(x.where(), "{}: the operand is an empty Variable", op);
  return x.value();
}

/// A pattern has no rank, so its axes stay as the rule's author wrote them.
Variable reduce_pattern(Reduction kind, const Operand& x, const Axes& axes) {
  return apply(std::make_shared<const Reduce>(kind, axes.list.value_or(std::vector<int>())), {x.value()}, x.where());
}

/// Casts by `prepare`, reduces, and puts the axes back if asked to.
Variable reduce_over(Reduction kind, const Operand& operand, const Axes& axes, bool keepdims,
                     Variable (*prepare)(const Variable&, Location)) {
  const Variable x = require_operand(name(kind), operand);
  if (is_pattern(x)) return reduce_pattern(kind, operand, axes);
  const Attribution line(operand.where());
  const std::vector<int> list = normalized_axes(name(kind), x, axes, operand.where());
  const Variable reduced = reduce(kind, prepare(x, operand.where()), list, operand.where());
  return keepdims ? restore_axes(reduced, list) : reduced;
}

Variable truth(const Variable& x, Location where) { return cast_to(x, DType::boolean, where); }

bool is_truth(const Variable& x) { return !is_pattern(x) && is_boolean(x.dtype()); }

/// Truth values have no order of their own: false is 0, true is 1.
Variable ordered(const Variable& x, Location where) { return is_truth(x) ? cast_to(x, DType::uint8, where) : x; }

Variable extreme(Reduction kind, const Operand& x, const Axes& axes, bool keepdims) {
  const Variable found = reduce_over(kind, x, axes, keepdims, ordered);
  return is_truth(x.value()) ? truth(found, x.where()) : found;
}

std::pair<Variable, Variable> first_maximum(std::string_view asked, const Operand& operand, int axis) {
  const Variable x = require_operand(asked, operand);
  const Location where = operand.where();
  const int normalized = is_pattern(x) ? axis : normalized_axis(asked, x, axis, where);
  const auto found = apply_all(std::make_shared<const MaxAndArgmax>(normalized), {ordered(x, where)}, where);
  return {is_truth(x) ? truth(found[0], where) : found[0], found[1]};
}

/// The number of elements that one element of a reduction over `axes` covers.
Dim count(const Variable& x, std::span<const int> axes) {
  return std::accumulate(axes.begin(), axes.end(), Dim(1),
                         [&](const Dim& product, int axis) { return product * x.dims()[axis]; });
}

}  // namespace

std::vector<int> normalized_axes(std::string_view op, const Variable& x, const Axes& axes, Location where) {
  if (!axes.list) {
    std::vector<int> all(x.ndim());
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  std::vector<int> result;
  for (const int axis : *axes.list) result.push_back(normalized_axis(op, x, axis, where));
  std::ranges::sort(result);
  if (const auto twice = std::ranges::adjacent_find(result); twice != result.end())
    fail<ArgumentError>(where, "{}: axis {} of {} is given twice", op, *twice, brief(x));
  return result;
}

Variable reduce(Reduction kind, const Variable& x, std::vector<int> axes, Location where) {
  return axes.empty() ? x : apply(std::make_shared<const Reduce>(kind, std::move(axes)), {x}, where);
}

Variable restore_axes(const Variable& x, std::span<const int> axes) {
  if (axes.empty()) return x;
  std::vector<int> pattern;
  int kept = 0;
  for (int axis = 0; axis < x.ndim() + static_cast<int>(axes.size()); ++axis)
    pattern.push_back(std::ranges::count(axes, axis) ? broadcast_axis : kept++);
  return dimshuffle(x, pattern);
}

Variable sum(Operand x, Axes axes, bool keepdims) { return reduce_over(Reduction::sum, x, axes, keepdims, widened); }
Variable prod(Operand x, Axes axes, bool keepdims) { return reduce_over(Reduction::prod, x, axes, keepdims, widened); }
Variable all(Operand x, Axes axes, bool keepdims) { return reduce_over(Reduction::all, x, axes, keepdims, truth); }
Variable any(Operand x, Axes axes, bool keepdims) { return reduce_over(Reduction::any, x, axes, keepdims, truth); }

Variable max(Operand x, Axes axes, bool keepdims) { return extreme(Reduction::max, x, axes, keepdims); }
Variable min(Operand x, Axes axes, bool keepdims) { return extreme(Reduction::min, x, axes, keepdims); }

Variable mean(Operand operand, Axes axes, bool keepdims) {
  const Variable x = require_operand("mean", operand);
  const Attribution line(operand.where());
  // The sum of many 16-bit floats may overflow where their mean does not.
  if (is_half(x.dtype())) return cast(mean(cast(x, DType::float32), axes, keepdims), x.dtype());
  const std::vector<int> list = normalized_axes("mean", x, axes, operand.where());
  const Variable size = cast(value(count(x, list), operand.where()), floating(x.dtype()));
  return sum(x, list, keepdims) / size;
}

std::pair<Variable, Variable> max_and_argmax(Operand x, int axis) { return first_maximum("max_and_argmax", x, axis); }
Variable argmax(Operand x, int axis) { return first_maximum("argmax", x, axis).second; }

Variable cumsum(Operand operand, int axis) {
  const Variable x = require_operand("cumsum", operand);
  const Location where = operand.where();
  if (is_pattern(x)) return apply(std::make_shared<const Cumsum>(axis, Direction::forward), {x}, where);
  const int normalized = normalized_axis("cumsum", x, axis, where);
  return apply(std::make_shared<const Cumsum>(normalized, Direction::forward), {widened(x, where)}, where);
}

}  // namespace theon

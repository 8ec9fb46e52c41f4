#include "src/ops/shape.h"
#include "optimizer/rules/parts.h"
#include "optimizer/rules/rules.h"
#include "src/graph/traversal.h"
#include "src/ops/elementwise.h"
#include "src/ops/index.h"
#include "src/ops/reduce.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

namespace theon {

namespace {

Variable reduced_like(const Variable& reduction, const Variable& x, std::vector<int> axes) {
  return reduce(op_of<Reduce>(reduction)->kind(), x, std::move(axes), reduction.where());
}

// Moves.

Variable merged_shuffles(const Variable& x, const Variable& outer, const Variable& inner) {
  const std::vector<int>& first = op_of<DimShuffle>(inner)->pattern();
  std::vector<int> pattern;
  for (const int axis : op_of<DimShuffle>(outer)->pattern())
    pattern.push_back(axis == broadcast_axis ? axis : first[axis]);
  return dimshuffle(x, pattern);
}

Variable removed_shuffle(const Variable& x, const Variable& shuffle) {
  std::vector<int> identity(x.ndim());
  std::iota(identity.begin(), identity.end(), 0);
  return op_of<DimShuffle>(shuffle)->pattern() == identity ? x : Variable();
}

/// The operation on shuffled operands. Operands are aligned at the right: an axis that one lacks is new to it.
Variable shuffled_operands(const Variable& x, const Variable& shuffle) {
  const Apply* node = x.owner();
  if (!node || !elementwise_definition(*node->op)) return {};
  std::vector<Variable> inputs = node->input_list();
  for (Variable& input : inputs) {
    if (input.ndim() == 0) continue;
    const int extra = x.ndim() - input.ndim();
    std::vector<int> pattern;
    for (const int axis : op_of<DimShuffle>(shuffle)->pattern())
      pattern.push_back(axis < extra ? broadcast_axis : axis - extra);
    input = dimshuffle(input, pattern);
  }
  return apply(node->op, std::move(inputs), node->where);
}

/// A reshape that only inserts or drops axes of size 1.
Variable shuffle_of_reshape(const Variable& x, const Variable& reshaped) {
  std::vector<int> kept, pattern;
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (x.dims()[axis] != Dim(1)) kept.push_back(axis);
  std::size_t next = 0;
  for (const Dim& dim : reshaped.dims()) {
    if (dim == Dim(1)) {
      pattern.push_back(broadcast_axis);
    } else {
      if (next == kept.size() || x.dims()[kept[next]] != dim) return {};
      pattern.push_back(kept[next++]);
    }
  }
  return next == kept.size() ? dimshuffle(x, pattern) : Variable();
}

/// Of a matrix.
Variable transposed(const Variable& x) {
  const auto* shuffle = op_of<DimShuffle>(x);
  return shuffle && shuffle->pattern() == std::vector{1, 0} ? operand(x) : transpose(x);
}

/// The transpose of a product of matrices, where that removes a transpose.
Variable transposed_operands(const Variable& x, const Variable& y, const Variable& shuffle) {
  const bool is_transpose = op_of<DimShuffle>(shuffle)->pattern() == std::vector{1, 0};
  const bool removes_one = op_of<DimShuffle>(x) || op_of<DimShuffle>(y);
  return is_transpose && removes_one && x.ndim() == 2 && y.ndim() == 2 ? dot(transposed(y), transposed(x)) : Variable();
}

// Casts.

/// Whether every value of `from` is one of `to`.
bool holds(DType to, DType from) {
  if (to == from || is_boolean(from)) return true;
  if (is_boolean(to)) return false;
  const auto digits = [](DType dtype) {
    switch (dtype) {
      case DType::float16:
        return 11;
      case DType::bfloat16:
        return 8;
      case DType::float32:
        return 24;
      case DType::float64:
        return 53;
      default:
        return static_cast<int>(8 * size_of(dtype)) - (is_unsigned(dtype) ? 0 : 1);
    }
  };
  if (is_floating(from) && !is_floating(to)) return false;
  if (!is_floating(from) && is_floating(to)) return to != DType::float16 && digits(to) >= digits(from);
  if (!is_floating(from)) return (is_unsigned(from) || !is_unsigned(to)) && digits(to) >= digits(from);
  return size_of(to) > size_of(from);
}

/// One cast instead of two. Integers wrap around where they do not fit, floats end at the nearest number that does.
Variable merged_casts(const Variable& x, DType between, DType to) {
  const bool is_detour = !is_floating(x.dtype()) && is_floating(between) && !is_floating(to);
  return holds(between, x.dtype()) && (!is_detour || holds(to, x.dtype())) ? cast(x, to) : Variable();
}

/// Whole numbers scaled by a power of two are rounded as they are without it, so they may be scaled at last.
Variable scaled_cast(const Variable& x, const Variable& factor, DType between, const Variable& whole) {
  const Constant* constant = as_constant(factor);
  const auto number = constant ? constant->uniform() : std::nullopt;
  const auto is_wide = [](DType dtype) { return dtype == DType::float32 || dtype == DType::float64; };
  if (!number || is_floating(x.dtype()) || !is_wide(between) || !is_wide(whole.dtype())) return {};
  constexpr int most = 30;
  int exponent = 0;
  const double scale = number->item<double>();
  const bool is_power = std::frexp(std::abs(scale), &exponent) == 0.5 && std::abs(exponent) <= most;
  if (!is_power || x.dims() != whole.dims()) return {};
  return cast(holds(between, x.dtype()) ? x : cast(x, between), whole.dtype()) * scale;
}

// Reductions.

/// One reduction over the axes of both.
Variable merged_reductions(const Variable& x, const Variable& outer, const Variable& inner) {
  const std::vector<int>& removed = op_of<Reduce>(inner)->axes();
  std::vector<int> kept, axes = removed;
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (!contains(removed, axis)) kept.push_back(axis);
  for (const int axis : op_of<Reduce>(outer)->axes()) axes.push_back(kept[axis]);
  std::ranges::sort(axes);
  return reduced_like(outer, x, axes);
}

/// The reduction of the operand of a dimshuffle: over the same elements, the rest shuffled afterwards.
Variable reduced_before_shuffle(const Variable& x, const Variable& reduction, const Variable& shuffle) {
  const std::vector<int>& pattern = op_of<DimShuffle>(shuffle)->pattern();
  const std::vector<int>& covered = op_of<Reduce>(reduction)->axes();
  std::vector<int> axes, position(x.ndim(), broadcast_axis), rest;
  for (const int axis : covered)
    if (pattern[axis] != broadcast_axis) axes.push_back(pattern[axis]);
  std::ranges::sort(axes);
  int next = 0;
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (!contains(axes, axis)) position[axis] = next++;
  for (int axis = 0; axis < static_cast<int>(pattern.size()); ++axis)
    if (!contains(covered, axis))
      rest.push_back(pattern[axis] == broadcast_axis ? broadcast_axis : position[pattern[axis]]);
  return dimshuffle(reduced_like(reduction, x, axes), rest);
}

/// A reduction without the axes of size 1, which it only drops.
Variable without_unit_axes(const Variable& x, const Variable& reduction) {
  const auto is_unit = [&](int axis) { return x.dims()[axis] == Dim(1); };
  std::vector<int> axes = op_of<Reduce>(reduction)->axes();
  std::vector<int> kept;
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (!is_unit(axis) || !contains(axes, axis)) kept.push_back(axis);
  if (static_cast<int>(kept.size()) == x.ndim()) return {};
  std::erase_if(axes, is_unit);
  for (int& axis : axes) axis = static_cast<int>(std::ranges::find(kept, axis) - kept.begin());
  const Variable squeezed = dimshuffle(x, kept);
  return axes.empty() ? squeezed : reduced_like(reduction, squeezed, axes);
}

/// The extreme of negatives: of floats, for negation does not reverse the order of all integers.
Variable negated_extreme(const Variable& x, const Variable& extreme, Reduction opposite) {
  return is_floating(x.dtype()) ? -reduce(opposite, x, op_of<Reduce>(extreme)->axes(), extreme.where()) : Variable();
}

/// A reduction along axes that broadcasting has made: of equal elements.
struct Repeated {
  Variable rest;  // the operand without those axes, reduced along the others
  Dim times = 1;  // how often each element was repeated
};

Repeated without_repetition(const Variable& x, const Variable& reduction, const Variable& whole) {
  const std::vector<int>& axes = op_of<Reduce>(reduction)->axes();
  const int extra = whole.ndim() - x.ndim();
  Repeated result;
  Shape dims;
  std::vector<int> repeated, rest;
  for (int axis = 0; axis < whole.ndim(); ++axis) {
    const Dim& dim = whole.dims()[axis];
    const bool is_repeated = axis < extra || (x.dims()[axis - extra] == Dim(1) && dim != Dim(1));
    if (contains(axes, axis) && is_repeated) {
      repeated.push_back(axis);
      result.times = result.times * dim;
      continue;
    }
    if (contains(axes, axis)) rest.push_back(static_cast<int>(dims.size()));
    dims.push_back(dim);
  }
  if (repeated.empty()) return result;
  result.rest = broadcast_to(without_axes(x, whole.ndim(), repeated), dims);
  if (!rest.empty()) result.rest = reduced_like(reduction, result.rest, rest);
  return result;
}

Variable sum_of_repeated(const Variable& x, const Variable& sum, const Variable& whole) {
  const Repeated repeated = without_repetition(x, sum, whole);
  return repeated.rest.is_empty() ? Variable() : repeated.rest * cast(value(repeated.times), x.dtype());
}

/// An extreme of equal elements is any of them.
Variable extreme_of_repeated(const Variable& x, const Variable& extreme, const Variable& whole) {
  return without_repetition(x, extreme, whole).rest;
}

/// The factors that are the same along the axes, multiplied once the others have been summed.
Variable sum_of_scaled(const Variable& whole) {
  const Variable& x = operand(whole);
  const std::vector<int>& axes = op_of<Reduce>(whole)->axes();
  std::vector<Variable> scales, rest;
  for (const Variable& factor : factors(x))
    (is_constant_along(factor, x.dims(), axes) ? scales : rest).push_back(factor);
  if (scales.empty() || rest.empty()) return {};
  const Variable summed = product(rest);
  // Fewer axes would shift those that are summed.
  if (summed.ndim() != x.ndim() ||
      std::ranges::any_of(axes, [&](int axis) { return summed.dims()[axis] != x.dims()[axis]; }))
    return {};
  for (Variable& scale : scales) scale = without_axes(scale, x.ndim(), axes);
  scales.push_back(reduced_like(whole, summed, axes));
  return product(scales);
}

Variable sum_of_quotients(const Variable& x, const Variable& divisor, const Variable& whole) {
  const std::vector<int>& axes = op_of<Reduce>(whole)->axes();
  const Shape& dims = operand(whole).dims();
  if (x.dims() != dims || !is_constant_along(divisor, dims, axes)) return {};
  return reduced_like(whole, x, axes) / without_axes(divisor, x.ndim(), axes);
}

Variable dot_of_scaled(const Variable& whole) {
  for (const std::size_t k : {0, 1}) {
    std::vector<Variable> scalars, rest;
    for (const Variable& factor : factors(operand(whole, k))) (factor.ndim() == 0 ? scalars : rest).push_back(factor);
    if (scalars.empty() || rest.empty() || product(rest).dims() != operand(whole, k).dims()) continue;
    scalars.push_back(k == 0 ? dot(product(rest), operand(whole, 1)) : dot(operand(whole, 0), product(rest)));
    return product(scalars);
  }
  return {};
}

// Slices.

Variable merged_slices(const Variable& x, const Variable& outer, const Variable& inner) {
  const auto &first = op_of<StridedSlice>(inner)->slices(), &second = op_of<StridedSlice>(outer)->slices();
  std::vector<AxisSlice> merged;
  for (std::size_t axis = 0; axis < first.size(); ++axis) {
    if (first[axis].checked || second[axis].checked) return {};
    merged.push_back({first[axis].start + second[axis].start * Dim(first[axis].step),
                      first[axis].step * second[axis].step, second[axis].length});
  }
  return apply(std::make_shared<const StridedSlice>(std::move(merged)), {x}, outer.where());
}

Variable removed_slice(const Variable& x, const Variable& slice) {
  const auto& slices = op_of<StridedSlice>(slice)->slices();
  for (std::size_t axis = 0; axis < slices.size(); ++axis)
    if (slices[axis].start != Dim(0) || slices[axis].step != 1 || slices[axis].length != x.dims()[axis]) return {};
  return x;
}

}  // namespace

std::vector<Rule> shape_rules() {
  const Variable x = any("x"), y = any("y"), c = any("c");
  const AnyOp shuffle("dimshuffle"), again("dimshuffle"), reshaped("reshape"), reshaped_again("reshape"),
      spread("broadcast_to"), spread_again("broadcast_to"), specified("specify_dims"), converted("cast"),
      converted_again("cast"), sliced("slice"), sliced_again("slice"), sum_of("sum"), sum_again("sum"), max_of("max"),
      max_again("max"), min_of("min"), min_again("min"), prod_of("prod"), prod_again("prod"), joined("concatenate");
  const Variable shuffled = shuffle(x), cast_x = converted(x), slice_x = sliced(x), sum_x = sum_of(x),
                 max_x = max_of(x), min_x = min_of(x), prod_x = prod_of(x), spread_x = spread(x),
                 shuffle_again = again(shuffled), cast_again = converted_again(cast_x),
                 slice_again = sliced_again(slice_x);
  std::vector<Rule> rules = of_class(
      RuleClass::exact,
      {
          {shuffled, "x", [=](const Match& m) { return removed_shuffle(m(x), m(shuffled)); }},
          {shuffle_again, "dimshuffle(x)",
           [=](const Match& m) { return merged_shuffles(m(x), m(shuffle_again), m(shuffled)); }},
          Rule(shuffled, "the operation on shuffled operands",
               [=](const Match& m) { return shuffled_operands(m(x), m(shuffled)); })
              .tested_on(shuffle(x * y)),
          {reshaped(x), "dimshuffle(x)", [=](const Match& m) { return shuffle_of_reshape(m(x), m.whole()); }},
          {reshaped_again(reshaped(x)), "reshape(x)", [=](const Match& m) { return reshape(m(x), m.whole().dims()); }},
          {spread_again(spread_x), "broadcast_to(x)",
           [=](const Match& m) { return broadcast_to(m(x), m.whole().dims()); }},
          {spread_x, "x", [=](const Match& m) { return m(x).dims() == m.whole().dims() ? m(x) : Variable(); }},
          {cast_again, "cast(x)",
           [=](const Match& m) { return merged_casts(m(x), m(cast_x).dtype(), m.whole().dtype()); }},
          Rule(converted_again(c * cast_x), "cast(x) * c",
               [=](const Match& m) { return scaled_cast(m(x), m(c), m(cast_x).dtype(), m.whole()); })
              .tested_on(cast<float>(0.5 * cast<double>(x))),
          {spread_x, "dimshuffle(x)", [=](const Match& m) { return shuffle_of_reshape(m(x), m.whole()); }},
          {slice_x, "x", [=](const Match& m) { return removed_slice(m(x), m(slice_x)); }},
          {slice_again, "slice(x)", [=](const Match& m) { return merged_slices(m(x), m(slice_again), m(slice_x)); }},
          {joined(x), x},
          Rule(again(dot(x, y)), "dot(transpose(y), transpose(x))",
               [=](const Match& m) { return transposed_operands(m(x), m(y), m.whole()); })
              .tested_on(again(dot(shuffled, y))),
          {max_of(-x), "-min(x)", [=](const Match& m) { return negated_extreme(m(x), m.whole(), Reduction::min); }},
          {min_of(-x), "-max(x)", [=](const Match& m) { return negated_extreme(m(x), m.whole(), Reduction::max); }},
          {max_again(max_x), "max(x)", [=](const Match& m) { return merged_reductions(m(x), m.whole(), m(max_x)); }},
          {min_again(min_x), "min(x)", [=](const Match& m) { return merged_reductions(m(x), m.whole(), m(min_x)); }},
          {max_of(shuffled), "a move of max(x)",
           [=](const Match& m) { return reduced_before_shuffle(m(x), m.whole(), m(shuffled)); }},
          {min_of(shuffled), "a move of min(x)",
           [=](const Match& m) { return reduced_before_shuffle(m(x), m.whole(), m(shuffled)); }},
          {max_of(spread_x), "max(x)",
           [=](const Match& m) { return extreme_of_repeated(m(x), m.whole(), m(spread_x)); }},
          {max_of(x), "max(x) along the axes that are not of size 1",
           [=](const Match& m) { return without_unit_axes(m(x), m.whole()); }},
          {min_of(x), "min(x) along the axes that are not of size 1",
           [=](const Match& m) { return without_unit_axes(m(x), m.whole()); }},
          {prod_of(x), "prod(x) along the axes that are not of size 1",
           [=](const Match& m) { return without_unit_axes(m(x), m.whole()); }},
          {min_of(spread_x), "min(x)",
           [=](const Match& m) { return extreme_of_repeated(m(x), m.whole(), m(spread_x)); }},
      });
  for (const Rule& rule : of_class(
           RuleClass::rounding,
           {
               {sum_of(-x), -sum_of(x)},
               {dot(-x, y), -dot(x, y)},
               {dot(x, -y), -dot(x, y)},
               {sum_again(sum_x), "sum(x)",
                [=](const Match& m) { return merged_reductions(m(x), m.whole(), m(sum_x)); }},
               {sum_of(x), "sum(x) along the axes that are not of size 1",
                [=](const Match& m) { return without_unit_axes(m(x), m.whole()); }},
               {prod_again(prod_x), "prod(x)",
                [=](const Match& m) { return merged_reductions(m(x), m.whole(), m(prod_x)); }},
               {sum_of(shuffled), "a move of sum(x)",
                [=](const Match& m) { return reduced_before_shuffle(m(x), m.whole(), m(shuffled)); }},
               {sum_of(spread_x), "n * sum(x)",
                [=](const Match& m) { return sum_of_repeated(m(x), m.whole(), m(spread_x)); }},
               {sum_of(x * y), "sum(x) * y", [=](const Match& m) { return sum_of_scaled(m.whole()); }},
               {sum_of(x / c), "sum(x) / c", [=](const Match& m) { return sum_of_quotients(m(x), m(c), m.whole()); }},
               Rule(dot(x, y), "c * dot(x, y)", [=](const Match& m) { return dot_of_scaled(m.whole()); })
                   .tested_on(dot(c * x, y)),
           }))
    rules.push_back(rule);
  return rules;
}

}  // namespace theon

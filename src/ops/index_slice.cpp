// Basic slices: the elements of an axis from a start, in steps.
#include "src/graph/binding.h"
#include "src/ops/index.h"
#include "src/support/check.h"

#include <limits>
#include <memory>

namespace theon {

namespace {

using ir::Expr;

bool is_whole(const AxisSlice& slice, const Dim& extent) {
  return slice.start == Dim(0) && slice.step == 1 && slice.length == extent;
}

Shape lengths(const std::vector<AxisSlice>& slices) {
  Shape dims;
  for (const AxisSlice& slice : slices) dims.push_back(slice.length);
  return dims;
}

std::vector<Dim> sizes_in(const std::vector<AxisSlice>& slices) {
  std::vector<Dim> dims;
  for (const AxisSlice& slice : slices) dims.insert(dims.end(), {slice.start, slice.length});
  return dims;
}

bool is_at_most(const Dim& a, const Dim& b) { return less_equal(a, b) == Answer::yes; }

Dim at_least(const Dim& bound, const Dim& low) { return is_at_most(low, bound) ? bound : max(bound, low); }
Dim at_most(const Dim& bound, const Dim& high) { return is_at_most(bound, high) ? bound : min(bound, high); }

/// A negative bound counts from the end. Where the sign cannot be seen, min(max(-bound, 0), 1) is 1 for a negative
/// bound and 0 for others.
Dim from_start(const Dim& bound, const Dim& extent) {
  if (is_at_most(0, bound)) return bound;
  if (is_at_most(bound, -1)) return bound + extent;
  return bound + extent * min(max(0 - bound, 0), 1);
}

std::optional<Dim> size_of_bound(const Bound& bound, Location where) {
  if (const Dim* dim = std::get_if<Dim>(&bound.value)) return *dim;
  if (const Variable* variable = std::get_if<Variable>(&bound.value)) return size(*variable, where);
  return std::nullopt;
}

/// The bounds of a slice with negative ones counted from the end; missing where the user gave none.
struct Bounds {
  std::optional<Dim> start, stop;
};

std::optional<Dim> resolved(const Bound& bound, const Dim& extent, Location where) {
  const std::optional<Dim> size = size_of_bound(bound, where);
  return size ? std::optional(from_start(*size, extent)) : std::nullopt;
}

/// Whether the slice cannot run backwards. Clamping keeps the order of bounds.
bool is_ordered(const std::optional<Dim>& first, const std::optional<Dim>& last) {
  return !first || !last || is_at_most(*first, *last);
}

Dim clamped(const std::optional<Dim>& bound, const Dim& low, const Dim& high, const Dim& missing) {
  return bound ? at_most(at_least(*bound, low), high) : missing;
}

/// ceil(distance / step), or 0 for a negative distance.
Dim steps_in(const Dim& distance, std::int64_t step, bool is_ordered) {
  return floor_div((is_ordered ? distance : at_least(distance, 0)) + (step - 1), step);
}

AxisSlice forward_slice(const Bounds& bounds, std::int64_t step, const Dim& extent) {
  const Dim start = clamped(bounds.start, 0, extent, 0), stop = clamped(bounds.stop, 0, extent, extent);
  return {.start = start, .step = step, .length = steps_in(stop - start, step, is_ordered(bounds.start, bounds.stop))};
}

AxisSlice backward_slice(const Bounds& bounds, std::int64_t step, const Dim& extent) {
  const Dim last = extent - 1;
  const Dim start = clamped(bounds.start, -1, last, last), stop = clamped(bounds.stop, -1, last, -1);
  return {.start = start, .step = step, .length = steps_in(start - stop, -step, is_ordered(bounds.stop, bounds.start))};
}

std::string out_of_range(const AxisSlice& slice, const Dim& extent) {
  // A number that is still negative was asked for as one counting from the end.
  const Dim asked = less_equal(0, slice.start) == Answer::no ? slice.start - extent : slice.start;
  if (slice.length == Dim(1))
    return fmt::format("index: {} is out of range for an axis of size {}", to_string(asked), to_string(extent));
  return fmt::format("index: {} elements from {} on are out of range for an axis of size {}", to_string(slice.length),
                     to_string(slice.start), to_string(extent));
}

/// Requires a checked slice to lie inside of its axis.
void require_inside(const AxisSlice& slice, const Dim& extent, Signature& signature, Location where) {
  const auto require = [&](const Dim& low, const Dim& high) {
    const Answer answer = less_equal(low, high);
    if (answer == Answer::no) throw IndexError(where, out_of_range(slice, extent));
    if (answer == Answer::unknown)
      signature.obligations.push_back(
          {Obligation::Relation::less_equal, low, high, where, out_of_range(slice, extent)});
  };
  require(0, slice.start);
  require(slice.start + slice.length, extent);
}

/// Whether an element of the padded axis comes from the operand, and from which index; in range either way.
struct Source {
  Expr inside;
  Expr index;
};

Source source(const AxisSlice& slice, Expr index) {
  ir::Pool& pool = *index->pool;
  const std::int64_t stride = slice.step < 0 ? -slice.step : slice.step;
  const Expr start = pool.parameter(slice.start), length = pool.parameter(slice.length);
  const Expr distance = slice.step < 0 ? start - index : index - start;
  const Expr step = floor_div(distance, stride);
  Expr inside = (distance >= 0) & (step < length);
  if (stride != 1) inside = inside & (distance % stride == 0);
  return {inside, max(min(step, length - 1), 0)};
}

}  // namespace

std::vector<AxisSlice> whole(const Shape& dims) {
  std::vector<AxisSlice> slices;
  for (const Dim& dim : dims) slices.push_back({.length = dim});
  return slices;
}

AxisSlice normalized_slice(const Slice& slice, const Dim& extent, Location where) {
  if (slice.step == 0) fail<ArgumentError>(where, "slice: the step is 0");
  if (slice.step == std::numeric_limits<std::int64_t>::min())
    fail<ArgumentError>(where, "slice: the step {} is too large", slice.step);
  const Bounds bounds{resolved(slice.start, extent, where), resolved(slice.stop, extent, where)};
  return slice.step > 0 ? forward_slice(bounds, slice.step, extent) : backward_slice(bounds, slice.step, extent);
}

std::string StridedSlice::attributes() const {
  std::string text;
  for (const AxisSlice& slice : slices_) {
    const std::string step = slice.step == 1 ? "" : fmt::format(" by {}", slice.step);
    text +=
        fmt::format("{}{} from {}{}", text.empty() ? "" : ", ", to_string(slice.length), to_string(slice.start), step);
  }
  return text;
}

Signature StridedSlice::infer(std::span<const Variable> inputs, Location where) const {
  const Variable& x = inputs[0];
  THEON_CHECK(slices_.size() == x.dims().size());
  Signature signature{{{x.dtype(), lengths(slices_)}}};
  for (std::size_t axis = 0; axis < slices_.size(); ++axis)
    if (slices_[axis].checked) require_inside(slices_[axis], x.dims()[axis], signature, where);
  return signature;
}

std::vector<Expr> StridedSlice::element(const ElementContext& context, std::span<const Expr> indices) const {
  std::vector<Expr> own;
  for (std::size_t axis = 0; axis < slices_.size(); ++axis)
    own.push_back(context.pool().parameter(slices_[axis].start) + indices[axis] * slices_[axis].step);
  return {context.load(0, own)};
}

std::vector<Variable> StridedSlice::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  return for_inputs(node, {pad(cotangents[0], slices_, node.inputs[0].dims(), node.where)});
}

std::vector<Variable> StridedSlice::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  return {strided_slice(tangents[0], slices_, node.where)};
}

Signature Pad::infer(std::span<const Variable> inputs, Location) const {
  THEON_CHECK(slices_.size() == dims_.size() && inputs[0].dims().size() == dims_.size());
  return {{{inputs[0].dtype(), dims_}}};
}

std::vector<Expr> Pad::element(const ElementContext& context, std::span<const Expr> indices) const {
  std::vector<Expr> own(indices.begin(), indices.end());
  Expr inside = context.pool().literal(DType::boolean, std::int64_t{1});
  for (std::size_t axis = 0; axis < slices_.size(); ++axis) {
    if (is_whole(slices_[axis], dims_[axis])) continue;
    const Source from = source(slices_[axis], indices[axis]);
    inside = inside & from.inside;
    own[axis] = from.index;
  }
  return {select(inside, context.load(0, own), 0)};
}

std::vector<Variable> Pad::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  return for_inputs(node, {strided_slice(cotangents[0], slices_, node.where)});
}

std::vector<Variable> Pad::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  return {pad(tangents[0], slices_, dims_, node.where)};
}

Variable strided_slice(const Variable& x, const std::vector<AxisSlice>& slices, Location where) {
  bool all = true;
  for (std::size_t axis = 0; axis < slices.size() && all; ++axis) all = is_whole(slices[axis], x.dims()[axis]);
  if (all) return x;
  return apply(std::make_shared<const StridedSlice>(slices), with_binders({x}, sizes_in(slices)), where);
}

Variable slice_axis(const Variable& x, int axis, AxisSlice slice, Location where) {
  std::vector<AxisSlice> slices = whole(x.dims());
  slices[axis] = std::move(slice);
  return strided_slice(x, slices, where);
}

Variable pad(const Variable& x, const std::vector<AxisSlice>& slices, const Shape& dims, Location where) {
  std::vector<Dim> sizes = sizes_in(slices);
  sizes.insert(sizes.end(), dims.begin(), dims.end());
  return apply(std::make_shared<const Pad>(slices, dims), with_binders({x}, sizes), where);
}

}  // namespace theon

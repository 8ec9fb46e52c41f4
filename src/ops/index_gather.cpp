// Elements picked by integer arrays, and values written to them.
#include "src/graph/binding.h"
#include "src/ops/elementwise.h"
#include "src/ops/index.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <algorithm>
#include <memory>

namespace theon {

namespace {

using ir::Expr;

/// Where axis `axis` of the operand stands among the gathered axes; nothing for one that is kept.
std::optional<std::size_t> gathered_place(const GatherLayout& layout, int axis) {
  const auto found = std::ranges::find(layout.axes, axis);
  return found == layout.axes.end() ? std::nullopt : std::optional(found - layout.axes.begin());
}

Shape gathered_dims(const Shape& dims, const Shape& array, const GatherLayout& layout) {
  Shape kept;
  for (int axis = 0; axis < static_cast<int>(dims.size()); ++axis)
    if (!gathered_place(layout, axis)) kept.push_back(dims[axis]);
  kept.insert(kept.begin() + layout.position, array.begin(), array.end());
  return kept;
}

/// A negative index counts from the end; one out of range, which `index_checks` reports, is moved inside.
Expr wrapped(Expr index, const Dim& extent) {
  const Expr size = index->pool->parameter(extent);
  return max(min(select(index < 0, index + size, index), size - 1), 0);
}

/// The indices into an operand of sizes `dims` of the gathered element at `indices`; the first array is input `first`.
std::vector<Expr> picked(const ElementContext& context, const GatherLayout& layout, const Shape& dims,
                         std::size_t first, std::span<const Expr> indices) {
  const std::size_t rank = context.node().inputs[first].dims().size();
  const auto own = indices.subspan(layout.position, rank);
  std::vector<Expr> kept(indices.begin(), indices.begin() + layout.position);
  kept.insert(kept.end(), indices.begin() + layout.position + rank, indices.end());
  std::vector<Expr> result;
  auto next = kept.begin();
  for (int axis = 0; axis < static_cast<int>(dims.size()); ++axis) {
    const std::optional<std::size_t> place = gathered_place(layout, axis);
    result.push_back(place ? wrapped(convert(context.load(first + *place, own), DType::int64), dims[axis]) : *next++);
  }
  return result;
}

/// Throws DTypeError for arrays that are not integers; returns their common dims, with what is needed for them to be
/// common.
Shape common_dims(std::span<const Variable> arrays, Signature& signature, Location where) {
  for (const Variable& array : arrays) {
    if (!is_integer(array.dtype()))
      fail<DTypeError>(where, "index: {} is {}; indices are integers", to_string(array), name(array.dtype()));
    THEON_CHECK(array.ndim() == arrays[0].ndim());
    const auto message = [&] {
      return fmt::format("index: arrays of shapes {} and {}", to_string(arrays[0].dims()), to_string(array.dims()));
    };
    for (int axis = 0; axis < array.ndim(); ++axis)
      require_equal(arrays[0].dims()[axis], array.dims()[axis], message, signature, where);
  }
  return arrays.empty() ? Shape() : arrays[0].dims();
}

Shape lengths(const std::vector<AxisSlice>& slices) {
  Shape dims;
  for (const AxisSlice& slice : slices) dims.push_back(slice.length);
  return dims;
}

std::vector<IndexCheck> checks(const GatherLayout& layout, const Shape& dims, std::size_t first) {
  std::vector<IndexCheck> found;
  for (std::size_t place = 0; place < layout.axes.size(); ++place)
    found.push_back({first + place, layout.axes[place], dims[layout.axes[place]]});
  return found;
}

}  // namespace

Signature Gather::infer(std::span<const Variable> inputs, Location where) const {
  Signature signature;
  const Shape array = common_dims(inputs.subspan(1), signature, where);
  signature.outputs = {{inputs[0].dtype(), gathered_dims(inputs[0].dims(), array, layout_)}};
  return signature;
}

std::vector<Expr> Gather::element(const ElementContext& context, std::span<const Expr> indices) const {
  return {context.load(0, picked(context, layout_, context.input(0).dims, 1, indices))};
}

std::vector<Variable> Gather::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const Variable& x = node.inputs[0];
  const auto arrays = std::span(node.inputs).subspan(1);
  const Variable base = zeros(cotangents[0].dtype(), x.dims(), node.where);
  return for_inputs(node, {scatter(Write::add, base, cotangents[0], whole(x.dims()), arrays, layout_, node.where)});
}

std::vector<Variable> Gather::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  if (tangents[0].is_empty()) return {Variable()};
  return {gather(tangents[0], std::span(node.inputs).subspan(1), layout_, node.where)};
}

std::vector<IndexCheck> Gather::index_checks(const Apply& node) const {
  return checks(layout_, node.inputs[0].dims(), 1);
}

Signature Scatter::infer(std::span<const Variable> inputs, Location where) const {
  const Variable &base = inputs[0], &value = inputs[1];
  THEON_CHECK(base.dtype() == value.dtype() && slices_.size() == base.dims().size());
  Signature signature{{base.type()}};
  const Shape array = common_dims(inputs.subspan(2, layout_.axes.size()), signature, where);
  const Shape read = gathered_dims(lengths(slices_), array, layout_);
  THEON_CHECK(read.size() == value.dims().size());
  const auto message = [&] {
    return fmt::format("{}: a value of shape {} for {} elements", name(), to_string(value.dims()), to_string(read));
  };
  for (std::size_t axis = 0; axis < read.size(); ++axis)
    require_equal(read[axis], value.dims()[axis], message, signature, where);
  return signature;
}

std::vector<Expr> Scatter::target(const ElementContext& context, std::span<const Expr> j) const {
  std::vector<Expr> indices(j.begin(), j.end());
  if (!layout_.axes.empty()) indices = picked(context, layout_, lengths(slices_), 2, j);
  for (std::size_t axis = 0; axis < slices_.size(); ++axis)
    indices[axis] = context.pool().parameter(slices_[axis].start) + indices[axis] * slices_[axis].step;
  return indices;
}

std::optional<ir::Opcode> Scatter::combine() const {
  return kind_ == Write::add ? std::optional(ir::Opcode::add) : std::nullopt;
}

std::vector<Variable> Scatter::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const Variable& g = cotangents[0];
  const Variable read = gather(strided_slice(g, slices_, node.where), arrays(node), layout_, node.where);
  if (kind_ == Write::add) return for_inputs(node, {g, read});
  const Variable kept = scatter(Write::set, g, zeros_like(read), slices_, arrays(node), layout_, node.where);
  return for_inputs(node, {kept, read});
}

std::vector<Variable> Scatter::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  if (tangents[0].is_empty() && tangents[1].is_empty()) return {Variable()};
  const auto or_zeros = [&](std::size_t k) {
    return tangents[k].is_empty() ? zeros_like(node.inputs[k]) : tangents[k];
  };
  return {scatter(kind_, or_zeros(0), or_zeros(1), slices_, arrays(node), layout_, node.where)};
}

std::vector<IndexCheck> Scatter::index_checks(const Apply&) const { return checks(layout_, lengths(slices_), 2); }

Variable gather(const Variable& x, std::span<const Variable> arrays, const GatherLayout& layout, Location where) {
  if (arrays.empty()) return x;
  std::vector<Variable> inputs{x};
  inputs.insert(inputs.end(), arrays.begin(), arrays.end());
  return apply(std::make_shared<const Gather>(layout), std::move(inputs), where);
}

Variable scatter(Write kind, const Variable& base, const Variable& value, const std::vector<AxisSlice>& slices,
                 std::span<const Variable> arrays, const GatherLayout& layout, Location where) {
  std::vector<Variable> inputs{base, value};
  inputs.insert(inputs.end(), arrays.begin(), arrays.end());
  std::vector<Dim> sizes;
  for (const AxisSlice& slice : slices) sizes.insert(sizes.end(), {slice.start, slice.length});
  return apply(std::make_shared<const Scatter>(kind, slices, layout), with_binders(std::move(inputs), sizes), where);
}

std::vector<Variable> index_grid(const Shape& dims, Location where) {
  const Attribution line(where);
  std::vector<Variable> grid;
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    std::vector<int> pattern(dims.size(), broadcast_axis);
    pattern[axis] = 0;
    grid.push_back(broadcast_to(dimshuffle(arange(dims[axis], DType::int64, where), pattern), dims));
  }
  return grid;
}

}  // namespace theon

#include "src/ops/shape.h"

#include "src/graph/binding.h"
#include "src/ops/elementwise.h"
#include "src/ops/reduce.h"
#include "src/support/check.h"

#include <algorithm>
#include <memory>
#include <numeric>

namespace theon {

namespace {

bool stretches(const Dim& dim) { return dim == Dim(1); }

std::vector<int> permutation(const Variable& x, const std::vector<int>& axes, Location where) {
  std::vector<int> order(x.ndim());
  std::iota(order.rbegin(), order.rend(), 0);
  if (axes.empty()) return order;
  order.clear();
  for (const int axis : axes) order.push_back(axis < 0 ? axis + x.ndim() : axis);
  std::vector<int> sorted = order;
  std::ranges::sort(sorted);
  bool complete = static_cast<int>(sorted.size()) == x.ndim();
  for (std::size_t i = 0; i < sorted.size() && complete; ++i) complete = sorted[i] == static_cast<int>(i);
  if (!complete)
    fail<ArgumentError>(where, "transpose: axes {} do not name each of the {} axes once", field::text(axes), x.ndim());
  return order;
}

/// The pattern that leaves out `dropped`, which is sorted.
std::vector<int> without(int rank, const std::vector<int>& dropped) {
  std::vector<int> pattern;
  for (int axis = 0; axis < rank; ++axis)
    if (!std::ranges::binary_search(dropped, axis)) pattern.push_back(axis);
  return pattern;
}

std::vector<int> axes_of_size_one(const Variable& x) {
  std::vector<int> found;
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (stretches(x.dims()[axis])) found.push_back(axis);
  return found;
}

}  // namespace

void require_equal(const Dim& left, const Dim& right, const std::function<std::string()>& message, Signature& signature,
                   Location where) {
  switch (equal(left, right)) {
    case Answer::yes:
      return;
    case Answer::no:
      throw ShapeError(where, message());
    case Answer::unknown:
      signature.obligations.push_back({Obligation::Relation::equal, left, right, where, message()});
  }
}

void require_sizes(std::string_view op, const Shape& dims, Signature& signature, Location where) {
  for (const Dim& dim : dims) {
    const Answer answer = less_equal(0, dim);
    if (answer == Answer::yes) continue;
    std::string message = fmt::format("{}: negative size in {}", op, to_string(dims));
    if (answer == Answer::no) throw ShapeError(where, message);
    signature.obligations.push_back({Obligation::Relation::less_equal, 0, dim, where, std::move(message)});
  }
}

Dim number_of_elements(std::span<const Dim> dims) {
  return std::accumulate(dims.begin(), dims.end(), Dim(1), [](const Dim& a, const Dim& b) { return a * b; });
}

Signature DimShuffle::infer(std::span<const Variable> inputs, Location where) const {
  const Variable& x = inputs[0];
  Signature signature{{{x.dtype(), {}}}};
  for (const int axis : pattern_)
    signature.outputs[0].dims.push_back(axis == broadcast_axis ? Dim(1) : x.dims().at(axis));
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (std::ranges::count(pattern_, axis)) continue;
    const auto message = [&] {
      return fmt::format("dimshuffle: axis {} of {} is dropped, but its size is not 1", axis, to_string(x.dims()));
    };
    require_equal(x.dims()[axis], 1, message, signature, where);
  }
  return signature;
}

std::vector<ir::Expr> DimShuffle::element(const ElementContext& context, std::span<const ir::Expr> indices) const {
  std::vector<ir::Expr> own(context.input(0).ndim(), context.pool().literal(std::int64_t{0}));
  for (std::size_t axis = 0; axis < pattern_.size(); ++axis)
    if (pattern_[axis] != broadcast_axis) own[pattern_[axis]] = indices[axis];
  return {context.load(0, own)};
}

std::vector<Variable> DimShuffle::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  std::vector<int> inverse(node.inputs[0].ndim(), broadcast_axis);
  for (std::size_t axis = 0; axis < pattern_.size(); ++axis)
    if (pattern_[axis] != broadcast_axis) inverse[pattern_[axis]] = static_cast<int>(axis);
  return {dimshuffle(cotangents[0], inverse)};
}

std::vector<Variable> DimShuffle::pushforward(const Apply&, std::span<const Variable> tangents) const {
  return {dimshuffle(tangents[0], pattern_)};
}

Signature BroadcastTo::infer(std::span<const Variable> inputs, Location where) const {
  const Variable& x = inputs[0];
  const auto message = [&] {
    return fmt::format("broadcast_to: shape {} does not broadcast to {}", to_string(x.dims()), to_string(dims_));
  };
  const std::size_t rank = x.dims().size();
  if (rank > dims_.size()) throw ShapeError(where, message());
  Signature signature{{{x.dtype(), dims_}}};
  require_sizes("broadcast_to", dims_, signature, where);
  for (std::size_t axis = 0; axis < rank; ++axis)
    if (!stretches(x.dims()[axis]))
      require_equal(x.dims()[axis], dims_[axis + dims_.size() - rank], message, signature, where);
  return signature;
}

std::vector<ir::Expr> BroadcastTo::element(const ElementContext& context, std::span<const ir::Expr> indices) const {
  const Shape& dims = context.input(0).dims;
  const auto last = indices.last(dims.size());
  std::vector<ir::Expr> own(last.begin(), last.end());
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    if (stretches(dims[axis])) own[axis] = context.pool().literal(std::int64_t{0});
  return {context.load(0, own)};
}

std::vector<Variable> BroadcastTo::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  return for_inputs(node, {sum_to_shape(cotangents[0], node.inputs[0].dims(), node.where)});
}

std::vector<Variable> BroadcastTo::pushforward(const Apply&, std::span<const Variable> tangents) const {
  return {broadcast_to(tangents[0], dims_)};
}

Variable dimshuffle(Operand operand, std::vector<int> pattern) {
  const Variable& x = operand.value();
  if (is_pattern(x)) return apply(std::make_shared<const DimShuffle>(std::move(pattern)), {x}, operand.where());
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const int axis = pattern[i];
    if (axis == broadcast_axis) continue;
    if (axis < 0 || axis >= x.ndim())
      fail<IndexError>(operand.where(), "dimshuffle: axis {} of an array of rank {}", axis, x.ndim());
    if (std::count(pattern.begin(), pattern.begin() + i, axis))
      fail<ArgumentError>(operand.where(), "dimshuffle: axis {} appears twice in {}", axis, field::text(pattern));
  }
  std::vector<int> identity(x.ndim());
  std::iota(identity.begin(), identity.end(), 0);
  if (pattern == identity) return x;
  return apply(std::make_shared<const DimShuffle>(std::move(pattern)), {x}, operand.where());
}

Variable transpose(Operand x, std::vector<int> axes) {
  const Attribution line(x.where());
  return dimshuffle(x, permutation(x.value(), axes, x.where()));
}

Variable Variable::T(std::source_location at) const { return transpose(Operand(*this, at)); }

Variable expand_dims(Operand x, int axis) {
  const int rank = x.value().ndim();
  if (axis < -rank - 1 || axis > rank)
    fail<IndexError>(x.where(), "expand_dims: axis {} for an array of rank {}", axis, rank);
  std::vector<int> pattern(rank);
  std::iota(pattern.begin(), pattern.end(), 0);
  pattern.insert(pattern.begin() + (axis < 0 ? axis + rank + 1 : axis), broadcast_axis);
  return dimshuffle(x, std::move(pattern));
}

Variable squeeze(Operand x, Axes axes) {
  const Variable& v = x.value();
  const std::vector<int> dropped = axes.list ? normalized_axes("squeeze", v, axes, x.where()) : axes_of_size_one(v);
  return dimshuffle(x, without(v.ndim(), dropped));
}

Variable broadcast_to(Operand x, Shape dims) {
  if (!is_pattern(x.value()) && x.value().dims() == dims) return x.value();
  std::vector<Variable> inputs = with_binders({x.value()}, dims);
  return apply(std::make_shared<const BroadcastTo>(std::move(dims)), std::move(inputs), x.where());
}

}  // namespace theon

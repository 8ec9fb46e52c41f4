// The ops: what a reduction is worth, and its derivatives.
#include "src/ops/reduce.h"

#include "src/ir/monoids.h"
#include "src/ops/elementwise.h"
#include "src/support/check.h"

#include <algorithm>
#include <functional>
#include <memory>

namespace theon {

namespace {

bool has_identity(Reduction kind) {
  switch (kind) {
    case Reduction::sum:
    case Reduction::prod:
    case Reduction::all:
    case Reduction::any:
      return true;
    case Reduction::max:
    case Reduction::min:
      return false;
  }
  __builtin_unreachable();
}

ir::Opcode combine(Reduction kind) {
  switch (kind) {
    case Reduction::sum:
      return ir::Opcode::add;
    case Reduction::prod:
      return ir::Opcode::mul;
    case Reduction::max:
      return ir::Opcode::max;
    case Reduction::min:
      return ir::Opcode::min;
    case Reduction::all:
      return ir::Opcode::bit_and;
    case Reduction::any:
      return ir::Opcode::bit_or;
  }
  __builtin_unreachable();
}

/// An extreme of nothing does not exist: an error where the axis is known to be empty, an obligation where it may be.
void require_nonempty(std::string_view op, const Variable& x, int axis, std::vector<Obligation>& obligations,
                      Location where) {
  const Dim& extent = x.dim(axis);
  const auto message = [&] {
    return fmt::format("{}: axis {} of {} is empty, so it has no extreme element", op, axis, to_string(x.type()));
  };
  switch (less_equal(1, extent)) {
    case Answer::yes:
      return;
    case Answer::no:
      throw ShapeError(where, message());
    case Answer::unknown:
      obligations.push_back({Obligation::Relation::less_equal, 1, extent, where, message()});
  }
}

Shape without(const Shape& dims, std::span<const int> axes) {
  Shape kept;
  for (int axis = 0; axis < static_cast<int>(dims.size()); ++axis)
    if (!std::ranges::count(axes, axis)) kept.push_back(dims[axis]);
  return kept;
}

/// The indices of the operand: those of the result, and nothing yet at the reduced axes.
std::vector<ir::Expr> with_gaps(std::span<const ir::Expr> indices, std::span<const int> axes) {
  std::vector<ir::Expr> full(indices.size() + axes.size());
  std::size_t next = 0;
  for (int axis = 0; axis < static_cast<int>(full.size()); ++axis)
    if (!std::ranges::count(axes, axis)) full[axis] = indices[next++];
  return full;
}

/// g, of the reduction's dims, repeated along the reduced axes.
Variable spread(const Variable& g, const Variable& x, std::span<const int> axes) {
  return broadcast_to(restore_axes(g, axes), x.dims());
}

/// d prod / d x without dividing by zero: the product of the others where x is the only zero, nothing where there is
/// another one.
Variable product_of_others(const Variable& x, const Variable& product, const std::vector<int>& axes) {
  const Variable is_zero = x == 0;
  const Variable nonzero = where(is_zero, 1, x);
  const Variable zeros = restore_axes(sum(is_zero, axes), axes);
  const Variable others = restore_axes(prod(nonzero, axes), axes);
  return where(is_zero, where(zeros == 1, others, 0), restore_axes(product, axes) / nonzero);
}

}  // namespace

DType accumulator(DType dtype) { return is_floating(dtype) && size_of(dtype) == 2 ? DType::float32 : dtype; }

std::string_view name(Reduction kind) {
  switch (kind) {
    case Reduction::sum:
      return "sum";
    case Reduction::prod:
      return "prod";
    case Reduction::max:
      return "max";
    case Reduction::min:
      return "min";
    case Reduction::all:
      return "all";
    case Reduction::any:
      return "any";
  }
  __builtin_unreachable();
}

std::string Reduce::name() const { return std::string(theon::name(kind_)); }

Signature Reduce::infer(std::span<const Variable> inputs, Location where) const {
  const Variable& x = inputs[0];
  Signature signature{{{x.dtype(), without(x.dims(), axes_)}}};
  if (!has_identity(kind_))
    for (const int axis : axes_) require_nonempty(name(), x, axis, signature.obligations, where);
  return signature;
}

std::vector<ir::Expr> Reduce::element(const ElementContext& context, std::span<const ir::Expr> indices) const {
  const TensorType& x = context.input(0);
  const DType wide = accumulator(x.dtype);
  const ir::Monoid* monoid = context.pool().monoid(combine(kind_), wide);
  std::vector<ir::Expr> at = with_gaps(indices, axes_);
  const std::function<ir::Expr(std::size_t)> from = [&](std::size_t n) {
    if (n == axes_.size()) return convert(context.load(0, at), wide);
    return context.pool().reduce(monoid, x.dims[axes_[n]], [&](ir::Expr k) {
      at[axes_[n]] = k;
      return from(n + 1);
    });
  };
  return {convert(from(0), x.dtype)};
}

std::vector<Variable> Reduce::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const Variable &x = node.inputs[0], &g = cotangents[0];
  switch (kind_) {
    case Reduction::sum:
      return {spread(g, x, axes_)};
    case Reduction::prod:
      return {restore_axes(g, axes_) * product_of_others(x, node.output(0), axes_)};
    case Reduction::max:
    case Reduction::min:
      return {where(x == restore_axes(node.output(0), axes_), restore_axes(g, axes_), 0)};
    case Reduction::all:
    case Reduction::any:
      return {Variable()};
  }
  __builtin_unreachable();
}

std::vector<Variable> Reduce::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  const Variable &x = node.inputs[0], &t = tangents[0];
  switch (kind_) {
    case Reduction::sum:
      return {sum(t, axes_)};
    case Reduction::prod:
      return {sum(product_of_others(x, node.output(0), axes_) * t, axes_)};
    case Reduction::max:
    case Reduction::min:
      return {sum(where(x == restore_axes(node.output(0), axes_), t, 0), axes_)};
    case Reduction::all:
    case Reduction::any:
      return {Variable()};
  }
  __builtin_unreachable();
}

Signature MaxAndArgmax::infer(std::span<const Variable> inputs, Location where) const {
  const Variable& x = inputs[0];
  const Shape dims = without(x.dims(), std::span(&axis_, 1));
  Signature signature{{{x.dtype(), dims}, {DType::int64, dims}}};
  require_nonempty(name(), x, axis_, signature.obligations, where);
  return signature;
}

std::vector<ir::Expr> MaxAndArgmax::element(const ElementContext& context, std::span<const ir::Expr> indices) const {
  const TensorType& x = context.input(0);
  std::vector<ir::Expr> at = with_gaps(indices, std::span(&axis_, 1));
  const Dim& extent = x.dims[axis_];
  return context.pool().reduce(ir::first_maximum(context.pool(), x.dtype), context.pool().parameter(extent), extent,
                               [&](ir::Expr k) {
                                 at[axis_] = k;
                                 return std::vector{context.load(0, at), k};
                               });
}

std::vector<Variable> MaxAndArgmax::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  if (cotangents[0].is_empty()) return {Variable()};
  const std::span<const int> axes(&axis_, 1);
  const Variable largest = restore_axes(node.output(0), axes);
  return {where(node.inputs[0] == largest, restore_axes(cotangents[0], axes), 0)};
}

std::vector<Variable> MaxAndArgmax::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  const Variable largest = restore_axes(node.output(0), std::span(&axis_, 1));
  return {sum(where(node.inputs[0] == largest, tangents[0], 0), axis_), Variable()};
}

Signature Cumsum::infer(std::span<const Variable> inputs, Location) const { return {{inputs[0].type()}}; }

std::vector<ir::Expr> Cumsum::element(const ElementContext& context, std::span<const ir::Expr> indices) const {
  const TensorType& x = context.input(0);
  const DType wide = accumulator(x.dtype);
  ir::Pool& pool = context.pool();
  const ir::Expr i = indices[axis_], length = pool.parameter(x.dims[axis_]);
  const bool forward = direction_ == Direction::forward;
  std::vector<ir::Expr> at(indices.begin(), indices.end());
  // The terms do not mention i, so that the sum can run on from element to element.
  const auto term = [&](ir::Expr k) {
    at[axis_] = forward ? k : length - 1 - k;
    return std::vector{convert(context.load(0, at), wide)};
  };
  const std::vector<ir::Expr> total =
      pool.reduce(pool.monoid(ir::Opcode::add, wide), forward ? i + 1 : length - i, x.dims[axis_], term);
  return {convert(total[0], x.dtype)};
}

std::vector<Variable> Cumsum::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const Direction reversed = direction_ == Direction::forward ? Direction::backward : Direction::forward;
  return {apply(std::make_shared<const Cumsum>(axis_, reversed), {cotangents[0]}, node.where)};
}

std::vector<Variable> Cumsum::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  return {apply(std::make_shared<const Cumsum>(axis_, direction_), {tangents[0]}, node.where)};
}

}  // namespace theon

#include "src/ops/neural.h"

#include "src/graph/specify.h"
#include "src/ops/elementwise.h"
#include "src/ops/index.h"
#include "src/ops/reduce.h"
#include "src/support/check.h"

#include <limits>
#include <memory>
#include <numeric>

namespace theon {

namespace {

Variable sum_along(const Variable& x, int axis) { return sum(x, axis, true); }

/// x and what is subtracted from it so that no exp of it overflows: the largest element, or 0 where that is infinite
/// (its difference to itself would be NaN).
struct Shifted {
  Shifted(const Variable& x, int axis) {
    const Variable largest = max(x, axis, true);
    shift = where(abs(largest) < std::numeric_limits<double>::infinity(), largest, 0);
    difference = x - shift;
  }
  Variable shift, difference;
};

/// The dtype is floating, the axis counted from the front; a pattern is left as it is.
template <class Composite>
Variable apply_along(std::string_view op, const Operand& operand, int axis) {
  const Variable& x = operand.value();
  const Location where = operand.where();
  if (is_pattern(x)) return apply(std::make_shared<const Composite>(axis), {x}, where);
  const int along = normalized_axes(op, x, axis, where)[0];
  return apply(std::make_shared<const Composite>(along), {cast_to(x, floating(x.dtype()), where)}, where);
}

/// log(p), of the logits where p is a softmax: probabilities that underflow keep a finite logarithm, and the derivative
/// does not divide by them.
Variable log_probabilities(const Variable& p) {
  const auto* softmax = op_of<Softmax>(p);
  return softmax ? log_softmax(p.owner()->inputs[0], softmax->axis()) : log(p);
}

/// x[..., target[...]]: one element along the last axis for each target.
Variable pick_along_last(const Variable& x, const Variable& target, Location where) {
  std::vector<Variable> arrays = index_grid(target.dims(), where);
  arrays.push_back(target);
  GatherLayout layout;
  layout.axes.resize(x.ndim());
  std::iota(layout.axes.begin(), layout.axes.end(), 0);
  return gather(x, arrays, layout, where);
}

}  // namespace

Signature Softmax::infer(std::span<const Variable> inputs, Location) const { return {{inputs[0].type()}}; }

std::vector<Variable> Softmax::expand(const Apply& node) const {
  const Variable weights = exp(Shifted(node.inputs[0], axis_).difference);
  // The sum lies between 1 and the number of weights: its reciprocal loses nothing but a rounding.
  return {weights * (1 / sum_along(weights, axis_))};
}

std::vector<Variable> Softmax::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const Variable y = node.output(0);
  const Variable& g = cotangents[0];
  return {y * (g - sum_along(g * y, axis_))};
}

/// The Jacobian is symmetric.
std::vector<Variable> Softmax::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  return pullback(node, tangents);
}

Signature LogSoftmax::infer(std::span<const Variable> inputs, Location) const { return {{inputs[0].type()}}; }

std::vector<Variable> LogSoftmax::expand(const Apply& node) const {
  const Variable x = Shifted(node.inputs[0], axis_).difference;
  return {x - log(sum_along(exp(x), axis_))};
}

std::vector<Variable> LogSoftmax::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const Variable& g = cotangents[0];
  return {g - exp(node.output(0)) * sum_along(g, axis_)};
}

std::vector<Variable> LogSoftmax::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  const Variable& t = tangents[0];
  return {t - sum_along(exp(node.output(0)) * t, axis_)};
}

Signature LogSumExp::infer(std::span<const Variable> inputs, Location) const {
  TensorType type = inputs[0].type();
  type.dims.erase(type.dims.begin() + axis_);
  return {{std::move(type)}};
}

std::vector<Variable> LogSumExp::expand(const Apply& node) const {
  const Shifted x(node.inputs[0], axis_);
  return {squeeze(x.shift + log(sum_along(exp(x.difference), axis_)), axis_)};
}

std::vector<Variable> LogSumExp::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  return {expand_dims(cotangents[0], axis_) * softmax(node.inputs[0], axis_)};
}

std::vector<Variable> LogSumExp::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  return {sum(tangents[0] * softmax(node.inputs[0], axis_), axis_)};
}

Variable softmax(Operand x, int axis) { return apply_along<Softmax>("softmax", x, axis); }
Variable log_softmax(Operand x, int axis) { return apply_along<LogSoftmax>("log_softmax", x, axis); }

Variable logsumexp(Operand x, int axis, bool keepdims) {
  const Variable reduced = apply_along<LogSumExp>("logsumexp", x, axis);
  return keepdims ? expand_dims(reduced, axis) : reduced;
}

namespace {

/// The targets, one for each row of the probabilities: throws ShapeError where there cannot be as many, and obliges the
/// call to check where that is unknown.
Variable as_many_as_rows(const Variable& t, const Variable& p, Location where) {
  Shape dims(p.dims().begin(), p.dims().begin() + (p.ndim() - 1));
  dims.insert(dims.end(), t.dims().begin() + (p.ndim() - 1), t.dims().end());
  if (!may_be_equal(t.dims(), dims))
    fail<ShapeError>(where,
                     "categorical_crossentropy: the target has shape {}, the probabilities {}; each row needs a target",
                     to_string(t.dims()), to_string(p.dims()));
  return specify_dims(t, dims, where);
}

}  // namespace

Variable categorical_crossentropy(Operand operand, Operand target) {
  const Attribution line(operand.where());
  const Variable& p = operand.value();
  Variable t = target.value();
  const Variable log_p = log_probabilities(p);
  if (is_integer(t.dtype()) && t.ndim() == p.ndim() - 1)
    return -pick_along_last(log_p, as_many_as_rows(t, p, operand.where()), operand.where());
  if (!is_floating(t.dtype()) || t.ndim() != p.ndim())
    fail<ShapeError>(operand.where(),
                     "categorical_crossentropy: the target is {}, the probabilities {}; a target is integers of one "
                     "rank less, or numbers of the same",
                     to_string(t.type()), to_string(p.type()));
  t = as_many_as_rows(t, p, operand.where());
  // What never happens costs nothing, also where its probability is 0.
  return -sum(where(t == 0, 0, t * log_p), -1);
}

}  // namespace theon

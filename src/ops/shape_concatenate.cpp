// Arrays put one after another.
#include "src/ops/elementwise.h"
#include "src/ops/index.h"
#include "src/ops/reduce.h"
#include "src/ops/shape.h"
#include "src/support/check.h"

#include <memory>

namespace theon {

namespace {

using ir::Expr;

/// Where each part begins along the axis, and where the last one ends.
std::vector<Dim> offsets(std::span<const Variable> parts, int axis) {
  std::vector<Dim> found{0};
  for (const Variable& part : parts) found.push_back(found.back() + part.dims()[axis]);
  return found;
}

/// One element, looked up in the half of the parts that holds it, and so on.
class Lookup {
 public:
  Lookup(const ElementContext& context, int axis, std::span<const Expr> indices)
      : context_(context),
        axis_(axis),
        indices_(indices.begin(), indices.end()),
        offsets_(offsets(context.node().inputs, axis)) {}

  Expr operator()(std::size_t first, std::size_t last) {
    if (last - first == 1) return load(first);
    const std::size_t middle = first + (last - first) / 2;
    const Expr before = indices_[axis_] < context_.pool().parameter(offsets_[middle]);
    return select(before, (*this)(first, middle), (*this)(middle, last));
  }

 private:
  /// Both sides of a select may be evaluated, so the index stays in range where the part is not chosen.
  Expr load(std::size_t part) const {
    const Expr extent = context_.pool().parameter(context_.input(part).dims[axis_]);
    const Expr begin = context_.pool().parameter(offsets_[part]);
    std::vector<Expr> own = indices_;
    own[axis_] = max(min(indices_[axis_] - begin, extent - 1), 0);
    return context_.load(part, own);
  }

  const ElementContext& context_;
  int axis_;
  std::vector<Expr> indices_;
  std::vector<Dim> offsets_;
};

void require_same_rank(std::span<const Variable> parts, Location where) {
  for (const Variable& part : parts)
    if (part.ndim() != parts[0].ndim())
      fail<ShapeError>(where, "concatenate: parts of rank {} and {}: {} and {}", parts[0].ndim(), part.ndim(),
                       to_string(parts[0].dims()), to_string(part.dims()));
}

std::vector<Variable> of_one_dtype(std::vector<Variable> parts, Location where) {
  DType common = parts[0].dtype();
  for (const Variable& part : parts) common = promote(common, part.dtype());
  for (Variable& part : parts) part = cast_to(part, common, where);
  return parts;
}

/// Without the parts that are known to be empty, but for one.
std::vector<Variable> not_empty(std::vector<Variable> parts, int axis) {
  const Variable first = parts[0];
  std::erase_if(parts, [&](const Variable& part) { return part.dims()[axis] == Dim(0); });
  if (parts.empty()) parts.push_back(first);
  return parts;
}

}  // namespace

Signature Concatenate::infer(std::span<const Variable> inputs, Location where) const {
  Signature signature{{inputs[0].type()}};
  Shape& dims = signature.outputs[0].dims;
  for (int axis = 0; axis < inputs[0].ndim(); ++axis) {
    if (axis == axis_) continue;
    for (const Variable& part : inputs.subspan(1)) {
      const auto message = [&] {
        return fmt::format("concatenate: shapes {} and {} differ in axis {}", to_string(inputs[0].dims()),
                           to_string(part.dims()), axis);
      };
      require_equal(inputs[0].dims()[axis], part.dims()[axis], message, signature, where);
      if (part.dims()[axis].is_known()) dims[axis] = part.dims()[axis];
    }
  }
  dims[axis_] = offsets(inputs, axis_).back();
  return signature;
}

std::vector<Expr> Concatenate::element(const ElementContext& context, std::span<const Expr> indices) const {
  return {Lookup(context, axis_, indices)(0, context.node().inputs.size())};
}

std::vector<Variable> Concatenate::pullback(const Apply& node, std::span<const Variable> cotangents) const {
  const std::vector<Dim> begin = offsets(node.inputs, axis_);
  std::vector<Variable> result;
  for (std::size_t k = 0; k < node.inputs.size(); ++k)
    result.push_back(slice_axis(cotangents[0], axis_,
                                {.start = begin[k], .step = 1, .length = node.inputs[k].dims()[axis_]}, node.where));
  return result;
}

std::vector<Variable> Concatenate::pushforward(const Apply& node, std::span<const Variable> tangents) const {
  std::vector<Variable> parts(tangents.begin(), tangents.end());
  for (std::size_t k = 0; k < parts.size(); ++k)
    if (parts[k].is_empty()) parts[k] = zeros_like(node.inputs[k]);
  return {concatenate(parts, axis_, node.where)};
}

Variable concatenate(std::vector<Variable> parts, int axis, Location where) {
  if (parts.empty()) fail<ArgumentError>(where, "concatenate: there are no parts");
  for (const Variable& part : parts)
    if (part.is_empty()) fail<ArgumentError>(where, "concatenate: a part is an empty Variable");
  require_same_rank(parts, where);
  const int along = normalized_axes("concatenate", parts[0], axis, where)[0];
  parts = not_empty(of_one_dtype(std::move(parts), where), along);
  if (parts.size() == 1) return parts[0];
  return apply(std::make_shared<const Concatenate>(along), std::move(parts), where);
}

Variable stack(std::vector<Variable> parts, int axis, Location where) {
  const Attribution line(where);
  for (Variable& part : parts) part = expand_dims(part, axis);
  return concatenate(std::move(parts), axis, where);
}

}  // namespace theon

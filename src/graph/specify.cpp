#include "src/graph/specify.h"

#include "src/graph/binding.h"
#include "src/graph/fields.h"
#include "src/support/check.h"

#include <algorithm>
#include <utility>

namespace theon {

namespace {

/// An identity whose output has declared dims.
class SpecifyDims final : public Defined<SpecifyDims, ElementOp> {
 public:
  explicit SpecifyDims(Shape dims) : dims_(std::move(dims)) {}
  static auto fields(auto& self) { return std::tie(self.dims_); }

  std::string name() const override { return "specify_dims"; }

  Signature infer(std::span<const Variable> inputs, Location where) const override {
    const Variable& x = inputs[0];
    Signature signature{{{x.dtype(), dims_}}};
    for (int axis = 0; axis < x.ndim(); ++axis) {
      std::string message =
          fmt::format("size {} of axis {} was declared to be {}", to_string(x.dim(axis)), axis, to_string(dims_[axis]));
      switch (equal(x.dim(axis), dims_[axis])) {
        case Answer::yes:
          break;
        case Answer::no:
          throw ShapeError(where, message);
        case Answer::unknown:
          signature.obligations.push_back(
              {Obligation::Relation::equal, x.dim(axis), dims_[axis], where, std::move(message)});
      }
    }
    return signature;
  }

  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override {
    return {context.load(0, indices)};
  }
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override {
    return for_inputs(node, {specify_dims(cotangents[0], node.inputs[0].dims(), node.where)});
  }
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override {
    return {specify_dims(tangents[0], dims_, node.where)};
  }

 private:
  Shape dims_;
};

}  // namespace

bool may_be_equal(const Shape& a, const Shape& b) {
  return std::ranges::equal(a, b, [](const Dim& x, const Dim& y) { return equal(x, y) != Answer::no; });
}

Variable specify_dims(const Variable& x, const Shape& dims, Location where) {
  if (x.dims() == dims) return x;
  if (static_cast<std::size_t>(x.ndim()) != dims.size())
    fail<ShapeError>(where, "an array of rank {} was declared to have dims {}", x.ndim(), to_string(dims));
  return apply(std::make_shared<const SpecifyDims>(dims), with_binders({x}, dims), where);
}

}  // namespace theon

// Ops that move elements without changing them.
#pragma once

#include <theon/ops.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <functional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace theon {

/// The one op that permutes, inserts and drops axes: axis a of the result is axis `pattern[a]` of the operand, or new
/// and of size 1 where that is `broadcast_axis`. Obliges a dropped axis to have size 1.
class DimShuffle final : public Defined<DimShuffle, ElementOp> {
 public:
  explicit DimShuffle(std::vector<int> pattern) : pattern_(std::move(pattern)) {}
  static auto fields(auto& self) { return std::tie(self.pattern_); }
  const std::vector<int>& pattern() const { return pattern_; }

  std::string name() const override { return "dimshuffle"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  std::vector<int> pattern_;
};

/// The elements in row-major order, under other dims. Obliges the numbers of elements to be equal. Inputs after the
/// first are binders.
class Reshape final : public Defined<Reshape, ElementOp> {
 public:
  explicit Reshape(Shape dims) : dims_(std::move(dims)) {}
  static auto fields(auto& self) { return std::tie(self.dims_); }
  const Shape& dims() const { return dims_; }

  std::string name() const override { return "reshape"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  Shape dims_;
};

/// Repeats axes of size 1, and the whole along new leading axes. Inputs after the first are binders.
class BroadcastTo final : public Defined<BroadcastTo, ElementOp> {
 public:
  explicit BroadcastTo(Shape dims) : dims_(std::move(dims)) {}
  static auto fields(auto& self) { return std::tie(self.dims_); }
  const Shape& dims() const { return dims_; }

  std::string name() const override { return "broadcast_to"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  Shape dims_;
};

/// Arrays of one dtype, one after another along an axis. Obliges the other sizes to be equal.
class Concatenate final : public Defined<Concatenate, ElementOp> {
 public:
  explicit Concatenate(int axis) : axis_(axis) {}
  static auto fields(auto& self) { return std::tie(self.axis_); }
  int axis() const { return axis_; }

  std::string name() const override { return "concatenate"; }
  std::string attributes() const override { return "axis=" + std::to_string(axis_); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  int axis_;
};

/// Requires sizes >= 0: throws ShapeError for one that is negative, and adds an obligation where that cannot be seen.
void require_sizes(std::string_view op, const Shape& dims, Signature& signature, Location where);

/// Requires `left` and `right` to be equal: throws ShapeError with `message()` where they are not, and adds an
/// obligation where that cannot be seen.
void require_equal(const Dim& left, const Dim& right, const std::function<std::string()>& message, Signature& signature,
                   Location where);

/// The product of sizes.
Dim number_of_elements(std::span<const Dim> dims);

}  // namespace theon

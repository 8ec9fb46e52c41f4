// Reductions over axes, and the running sums and arguments of the maximum that are like them.
#pragma once

#include <theon/ops.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace theon {

enum class Reduction : std::uint8_t { sum, prod, max, min, all, any };

/// Combines the elements along `axes` (ascending, not negative), which the result lacks. Operand and result have one
/// dtype; 16-bit floats are combined as float32. Oblige extents >= 1 where there is no identity (max, min). Among
/// patterns the axes are those of the rule's author, of any form.
class Reduce final : public Defined<Reduce, ElementOp> {
 public:
  Reduce(Reduction kind, std::vector<int> axes) : kind_(kind), axes_(std::move(axes)) {}
  static auto fields(auto& self) { return std::tie(self.kind_, self.axes_); }
  Reduction kind() const { return kind_; }
  const std::vector<int>& axes() const { return axes_; }

  std::string name() const override;
  std::string attributes() const override { return "axes=" + field::text(axes_); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  Reduction kind_;
  std::vector<int> axes_;
};

/// The largest element along an axis and its first index. A NaN counts as the largest. Obliges the extent >= 1.
class MaxAndArgmax final : public Defined<MaxAndArgmax, ElementOp> {
 public:
  explicit MaxAndArgmax(int axis) : axis_(axis) {}
  static auto fields(auto& self) { return std::tie(self.axis_); }
  int axis() const { return axis_; }

  std::string name() const override { return "max_and_argmax"; }
  std::string attributes() const override { return "axis=" + std::to_string(axis_); }
  std::size_t outputs() const override { return 2; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  int axis_;
};

/// Where a running sum begins.
enum class Direction : std::uint8_t { forward, backward };

/// Element i is the sum of elements 0 to i along the axis (forward), or of i to the last (backward).
class Cumsum final : public Defined<Cumsum, ElementOp> {
 public:
  Cumsum(int axis, Direction direction) : axis_(axis), direction_(direction) {}
  static auto fields(auto& self) { return std::tie(self.axis_, self.direction_); }
  int axis() const { return axis_; }
  Direction direction() const { return direction_; }

  std::string name() const override { return direction_ == Direction::forward ? "cumsum" : "cumsum_backward"; }
  std::string attributes() const override { return "axis=" + std::to_string(axis_); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  int axis_;
  Direction direction_;
};

/// The dtype in which elements are added or multiplied up: 16-bit floats as float32, for next to a large sum they lose
/// everything small.
DType accumulator(DType dtype);

/// The name of a reduction as users call it.
std::string_view name(Reduction kind);

/// Applies Reduce to an operand of the dtype of the result. Axes are ascending and not negative; with none it is the
/// operand itself.
Variable reduce(Reduction kind, const Variable& x, std::vector<int> axes, Location where);

/// `axes` of an array of rank `rank`, ascending and not negative. Throws IndexError for one out of range, ArgumentError
/// for a repeated one.
std::vector<int> normalized_axes(std::string_view op, const Variable& x, const Axes& axes, Location where);

/// `x` with axes of size 1 inserted where a reduction over `axes` removed them.
Variable restore_axes(const Variable& x, std::span<const int> axes);

}  // namespace theon

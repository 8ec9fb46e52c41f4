// Reading and writing parts of arrays: basic slices, gathers, and their adjoints.
#pragma once

#include <theon/ops.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace theon {

/// The elements start, start + step, ... of an axis, `length` of them. They lie inside of the axis: whoever makes one
/// has clamped it, unless it is `checked`, where a range that reaches outside is an error.
struct AxisSlice {
  Dim start = 0;
  std::int64_t step = 1;
  Dim length;
  bool checked = false;
  static auto fields(auto& self) { return std::tie(self.start, self.step, self.length, self.checked); }
};

/// One slice per axis. Inputs after the first are binders.
class StridedSlice final : public Defined<StridedSlice, ElementOp> {
 public:
  explicit StridedSlice(std::vector<AxisSlice> slices) : slices_(std::move(slices)) {}
  static auto fields(auto& self) { return std::tie(self.slices_); }
  const std::vector<AxisSlice>& slices() const { return slices_; }

  std::string name() const override { return "slice"; }
  std::string attributes() const override;
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  std::vector<AxisSlice> slices_;
};

/// The adjoint of StridedSlice: the operand, standing in the slices of an array of zeros. Inputs after the first are
/// binders.
class Pad final : public Defined<Pad, ElementOp> {
 public:
  Pad(std::vector<AxisSlice> slices, Shape dims) : slices_(std::move(slices)), dims_(std::move(dims)) {}
  static auto fields(auto& self) { return std::tie(self.slices_, self.dims_); }
  const std::vector<AxisSlice>& slices() const { return slices_; }
  const Shape& dims() const { return dims_; }

  std::string name() const override { return "pad"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  std::vector<AxisSlice> slices_;
  Shape dims_;
};

/// How the axes of a gather lie. Index arrays of one shape take the place of the axes `axes` (ascending); their own
/// axes stand together, after the first `position` axes that are kept.
struct GatherLayout {
  std::vector<int> axes;
  int position = 0;
  static auto fields(auto& self) { return std::tie(self.axes, self.position); }
};

/// Elements picked by integer arrays, pointwise: inputs are x and one array per gathered axis. Negative indices count
/// from the end; see `index_checks`.
class Gather final : public Defined<Gather, ElementOp> {
 public:
  explicit Gather(GatherLayout layout) : layout_(std::move(layout)) {}
  static auto fields(auto& self) { return std::tie(self.layout_); }
  const GatherLayout& layout() const { return layout_; }

  std::string name() const override { return "gather"; }
  std::string attributes() const override { return "axes=" + field::text(layout_.axes); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  std::vector<IndexCheck> index_checks(const Apply& node) const override;

 private:
  GatherLayout layout_;
};

enum class Write : std::uint8_t { set, add };

/// Writes what `gather(slice(base))` would read: inputs are base, value, one array per gathered axis, then binders. Of
/// several values for one element the last counts (set), or all do (add).
class Scatter final : public Defined<Scatter, ScatterOp> {
 public:
  Scatter(Write kind, std::vector<AxisSlice> slices, GatherLayout layout)
      : kind_(kind), slices_(std::move(slices)), layout_(std::move(layout)) {}
  static auto fields(auto& self) { return std::tie(self.kind_, self.slices_, self.layout_); }
  Write kind() const { return kind_; }
  const std::vector<AxisSlice>& slices() const { return slices_; }
  const GatherLayout& layout() const { return layout_; }

  std::string name() const override { return kind_ == Write::set ? "set_subtensor" : "inc_subtensor"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  Shape domain(const Apply& node) const override { return node.inputs[1].dims(); }
  std::vector<ir::Expr> target(const ElementContext& context, std::span<const ir::Expr> j) const override;
  ir::Expr value(const ElementContext& context, std::span<const ir::Expr> j) const override {
    return context.load(1, j);
  }
  std::optional<ir::Opcode> combine() const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  std::vector<IndexCheck> index_checks(const Apply& node) const override;

 private:
  /// The index arrays of a node.
  std::span<const Variable> arrays(const Apply& node) const {
    return std::span(node.inputs).subspan(2, layout_.axes.size());
  }

  Write kind_;
  std::vector<AxisSlice> slices_;
  GatherLayout layout_;
};

/// The whole of every axis.
std::vector<AxisSlice> whole(const Shape& dims);
/// x itself where the slices are the whole.
Variable strided_slice(const Variable& x, const std::vector<AxisSlice>& slices, Location where);
/// The slice of one axis.
Variable slice_axis(const Variable& x, int axis, AxisSlice slice, Location where);
Variable pad(const Variable& x, const std::vector<AxisSlice>& slices, const Shape& dims, Location where);
/// The arrays have one shape.
Variable gather(const Variable& x, std::span<const Variable> arrays, const GatherLayout& layout, Location where);
Variable scatter(Write kind, const Variable& base, const Variable& value, const std::vector<AxisSlice>& slices,
                 std::span<const Variable> arrays, const GatherLayout& layout, Location where);

/// Python's slice of an axis of size `extent` as an AxisSlice, by min and max where sizes are unknown. Throws
/// ArgumentError for a step of 0.
AxisSlice normalized_slice(const Slice& slice, const Dim& extent, Location where);

/// For each axis an array of these dims that holds the index along the axis: what gathers every element from its own
/// place.
std::vector<Variable> index_grid(const Shape& dims, Location where);

}  // namespace theon

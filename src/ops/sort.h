// Order, and other results whose size or place depends on data.
#pragma once

#include <theon/ops.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace theon {

/// The elements in ascending order along an axis, NaN last, equal ones in their order; and the indices (int64) that
/// sort.
class Sort final : public Defined<Sort, HostOp> {
 public:
  explicit Sort(int axis) : axis_(axis) {}
  static auto fields(auto& self) { return std::tie(self.axis_); }
  int axis() const { return axis_; }

  std::string name() const override { return "sort"; }
  std::string attributes() const override { return "axis=" + std::to_string(axis_); }
  std::size_t outputs() const override { return 2; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  int axis_;
};

/// The indices of the elements that are not zero, in row-major order: one int64 vector per axis. Binds their size.
class Nonzero final : public Defined<Nonzero, HostOp> {
 public:
  Nonzero(int ndim, Dim count) : ndim_(ndim), count_(std::move(count)) {}
  static auto fields(auto& self) { return std::tie(self.ndim_, self.count_); }

  std::string name() const override { return "nonzero"; }
  std::size_t outputs() const override { return static_cast<std::size_t>(ndim_); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  std::vector<Binding> binds() const override;
  std::vector<Variable> rebind(std::span<const Variable> inputs, DimMap& map, Location where) const override;

 private:
  int ndim_;
  Dim count_;
};

}  // namespace theon

// Arrays from nothing, and the two ways between sizes and values.
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

/// A scalar in every element of an array. Inputs after the first are binders.
class Full final : public Defined<Full, ElementOp> {
 public:
  explicit Full(Shape dims) : dims_(std::move(dims)) {}
  static auto fields(auto& self) { return std::tie(self.dims_); }
  const Shape& dims() const { return dims_; }

  std::string name() const override { return "full"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  Shape dims_;
};

/// 0, 1, ..., n - 1. All inputs are binders.
class Arange final : public Defined<Arange, ElementOp> {
 public:
  Arange(Dim n, DType dtype) : n_(std::move(n)), dtype_(dtype) {}
  static auto fields(auto& self) { return std::tie(self.n_, self.dtype_); }

  std::string name() const override { return "arange"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  Dim n_;
  DType dtype_;
};

/// A size as an int64 scalar. All inputs are binders.
class DimValue final : public Defined<DimValue, ElementOp> {
 public:
  explicit DimValue(Dim dim) : dim_(std::move(dim)) {}
  static auto fields(auto& self) { return std::tie(self.dim_); }
  const Dim& dim() const { return dim_; }

  std::string name() const override { return "value"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  Dim dim_;
};

/// An identity of int64 scalars that says what its operand is worth as a size: a symbol, which it binds. After a
/// substitution that may be any size; it is obliged not to be negative, as the symbol was.
class BindSize final : public Defined<BindSize, ElementOp> {
 public:
  explicit BindSize(Dim size) : size_(std::move(size)) {}
  static auto fields(auto& self) { return std::tie(self.size_); }
  const Dim& size() const { return size_; }

  std::string name() const override { return "bind_size"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  std::vector<Binding> binds() const override;
  std::vector<Variable> rebind(std::span<const Variable> inputs, DimMap& map, Location where) const override;

 private:
  Dim size_;
};

}  // namespace theon

// Random bits as a function of a key and a position.
#pragma once

#include <theon/ops.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <array>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace theon {

/// Element e in row-major order is word e % 4 of Philox4x32-10 of the counter e / 4 (its low and high 32 bits, then 0,
/// 0) under the key, a uint64 scalar (its low and high 32 bits). Inputs after the first are binders.
class RandomBits final : public Defined<RandomBits, ElementOp> {
 public:
  explicit RandomBits(Shape dims) : dims_(std::move(dims)) {}
  static auto fields(auto& self) { return std::tie(self.dims_); }
  const Shape& dims() const { return dims_; }

  std::string name() const override { return "random_bits"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  Shape dims_;
};

/// Philox4x32-10 on uint32 expressions: src/tensor/philox.h in the element language.
std::array<ir::Expr, 4> philox4x32(std::array<ir::Expr, 4> counter, std::array<ir::Expr, 2> key);

}  // namespace theon

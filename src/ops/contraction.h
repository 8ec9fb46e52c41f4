// Products of vectors and matrices.
#pragma once

#include <theon/ops.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace theon {

/// Sums over the last axis of a vector or matrix and the only or first axis of another. Both operands have the dtype of
/// the result; 16-bit floats are summed as float32. Obliges the two sizes to be equal.
class Dot final : public Defined<Dot, ElementOp> {
 public:
  static auto fields(auto&) { return std::tie(); }

  std::string name() const override { return "dot"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
};

bool is_dot(const Op& op);

}  // namespace theon

// Identities with an effect.
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

/// Its first input. Where the second, a boolean scalar, is false, a call throws CheckError with the message, at the
/// node's line.
class Check final : public Defined<Check, ElementOp> {
 public:
  explicit Check(std::string message) : message_(std::move(message)) {}
  static auto fields(auto& self) { return std::tie(self.message_); }
  const std::string& message() const { return message_; }

  std::string name() const override { return "check"; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<ir::Expr> element(const ElementContext& context, std::span<const ir::Expr> indices) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  bool is_pure() const override { return false; }

 private:
  std::string message_;
};

}  // namespace theon

// One of two graphs, chosen by a condition.
#pragma once

#include <theon/control.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace theon {

/// Inputs are the condition, a boolean scalar, then captured variables; both branches are graphs over the captured
/// variables with outputs of the same types. Only the chosen one is evaluated.
class IfElse final : public Defined<IfElse, RegionOp> {
 public:
  explicit IfElse(std::vector<Graph> branches) : branches_(std::move(branches)) {}
  static auto fields(auto& self) { return std::tie(self.branches_); }
  const Graph& then() const { return branches_[0]; }
  const Graph& otherwise() const { return branches_[1]; }

  std::string name() const override { return "ifelse"; }
  std::string attributes() const override { return ""; }
  std::size_t outputs() const override { return branches_[0].outputs.size(); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  std::span<const Graph> inner() const override { return branches_; }
  OpRef with_inner(std::vector<Graph> graphs) const override;

 private:
  std::vector<Graph> branches_;  // then, otherwise
};

}  // namespace theon

// Expressions with a name.
#pragma once

#include <theon/control.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace theon {

/// A user's composite: what its lambda built, as a graph over the operands and the variables it captured.
class UserComposite final : public Defined<UserComposite, CompositeOp> {
 public:
  using Definition = std::shared_ptr<const detail::CompositeDefinition>;

  UserComposite(Definition definition, std::size_t operands, Graph graph)
      : definition_(std::move(definition)), operands_(operands), graph_(std::move(graph)) {}
  static auto fields(auto& self) { return std::tie(self.definition_, self.operands_, self.graph_); }

  std::string name() const override { return definition_->name; }
  std::string attributes() const override { return ""; }
  std::size_t outputs() const override { return graph_.outputs.size(); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<Variable> expand(const Apply& node) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  std::span<const Graph> inner() const override { return std::span(&graph_, 1); }
  OpRef with_inner(std::vector<Graph> graphs) const override;

 private:
  Definition definition_;
  std::size_t operands_;  // the first inputs; the others are captured
  Graph graph_;
};

/// J v from u J, for an op whose pullback is all that is known: what pulls `tangents` back through the pullback, which
/// is linear in its cotangents.
std::vector<Variable> pushforward_by_pullback(const Apply& node, std::span<const Variable> tangents);

}  // namespace theon

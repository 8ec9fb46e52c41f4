// A user's own C++ functions.
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

class External final : public Defined<External, HostOp> {
 public:
  using Definition = std::shared_ptr<const detail::ExternalDefinition>;

  External(Definition definition, std::size_t outputs) : definition_(std::move(definition)), outputs_(outputs) {}
  static auto fields(auto& self) { return std::tie(self.definition_, self.outputs_); }

  std::string name() const override { return definition_->name; }
  std::string attributes() const override { return ""; }
  std::size_t outputs() const override { return outputs_; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  Definition definition_;
  std::size_t outputs_;
};

}  // namespace theon

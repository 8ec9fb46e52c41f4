// Loops that end when a condition fails.
#pragma once

#include <theon/control.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace theon {

/// What the parts of a WhileLoop node are.
///
///   node inputs              initial states; captured variables
///   inputs of both graphs    states; captured variables
///   outputs                  of the condition one boolean scalar; of the body the next states; of the node the last
///   states
///
/// While fewer than `max_steps` steps were made and the condition of the states holds, the states become those that the
/// body gives. A state has one type throughout.
struct WhileSpec {
  std::size_t states = 0;
  std::size_t captured = 0;
  std::optional<std::int64_t> max_steps = {};
  static auto fields(auto& self) { return std::tie(self.states, self.captured, self.max_steps); }
};

class WhileLoop final : public Defined<WhileLoop, RegionOp> {
 public:
  WhileLoop(std::string name, WhileSpec spec, std::vector<Graph> graphs)
      : name_(std::move(name)), spec_(spec), graphs_(std::move(graphs)) {}
  static auto fields(auto& self) { return std::tie(self.name_, self.spec_, self.graphs_); }
  const WhileSpec& spec() const { return spec_; }
  const Graph& condition() const { return graphs_[0]; }
  const Graph& body() const { return graphs_[1]; }

  std::string name() const override { return name_; }
  std::string attributes() const override {
    return spec_.max_steps ? "max_steps=" + std::to_string(*spec_.max_steps) : "";
  }
  std::size_t outputs() const override { return spec_.states; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  std::span<const Graph> inner() const override { return graphs_; }
  OpRef with_inner(std::vector<Graph> graphs) const override;

 private:
  std::string name_;
  WhileSpec spec_;
  std::vector<Graph> graphs_;  // condition, body
};

}  // namespace theon

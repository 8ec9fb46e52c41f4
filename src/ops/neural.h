// Names for what neural networks end in. Rules know the names; afterwards each stands for its expansion.
#pragma once

#include <theon/ops.h>

#include "src/graph/fields.h"
#include "src/graph/op.h"

#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace theon {

/// exp(x) / sum(exp(x), axis), of a floating operand.
class Softmax final : public Defined<Softmax, CompositeOp> {
 public:
  explicit Softmax(int axis) : axis_(axis) {}
  static auto fields(auto& self) { return std::tie(self.axis_); }
  int axis() const { return axis_; }

  std::string name() const override { return "softmax"; }
  std::string attributes() const override { return "axis=" + std::to_string(axis_); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<Variable> expand(const Apply& node) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  int axis_;
};

/// log(softmax(x)), finite where a probability underflows.
class LogSoftmax final : public Defined<LogSoftmax, CompositeOp> {
 public:
  explicit LogSoftmax(int axis) : axis_(axis) {}
  static auto fields(auto& self) { return std::tie(self.axis_); }
  int axis() const { return axis_; }

  std::string name() const override { return "log_softmax"; }
  std::string attributes() const override { return "axis=" + std::to_string(axis_); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<Variable> expand(const Apply& node) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  int axis_;
};

/// log(sum(exp(x), axis)), of a floating operand; the result lacks the axis.
class LogSumExp final : public Defined<LogSumExp, CompositeOp> {
 public:
  explicit LogSumExp(int axis) : axis_(axis) {}
  static auto fields(auto& self) { return std::tie(self.axis_); }
  int axis() const { return axis_; }

  std::string name() const override { return "logsumexp"; }
  std::string attributes() const override { return "axis=" + std::to_string(axis_); }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<Variable> expand(const Apply& node) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;

 private:
  int axis_;
};

}  // namespace theon

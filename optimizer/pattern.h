// The left sides of rules, and where they fit.
#pragma once

#include <theon/rules.h>

#include "optimizer/facts.h"
#include "optimizer/intern.h"
#include "src/graph/op.h"

#include <optional>
#include <string>
#include <vector>

namespace theon {

/// The op of a pattern node made by AnyOp: it stands for every op of its name, and never computes anything.
class PatternOp final : public Op {
 public:
  explicit PatternOp(std::string name) : Op(Class::element), name_(std::move(name)) {}

  std::string name() const override { return name_; }
  Signature infer(std::span<const Variable> inputs, Location where) const override;
  std::vector<Variable> pullback(const Apply& node, std::span<const Variable> cotangents) const override;
  std::vector<Variable> pushforward(const Apply& node, std::span<const Variable> tangents) const override;
  bool equals(const Op& other) const override { return this == &other; }
  std::size_t hash() const override { return std::hash<const void*>()(this); }

 private:
  std::string name_;
};

/// Null for any other op.
const PatternOp* as_pattern_op(const Op& op);

/// The values that patterns stand for.
struct Found {
  Match::Bindings bindings;
  std::vector<Variable> rest;  // operands of a sum or product at the root that the pattern says nothing about
};

/// Finds what `pattern`, in canonical form, stands for when it is `value`; nothing where it does not fit. Operands of
/// commuting ops match in any order; the last leaf among the operands of a sum or product takes all that are left. A
/// search through a very wide sum is given up after a fixed number of steps.
std::optional<Found> match(const Variable& pattern, const Variable& value, Facts& facts, Interned& interned);

/// The expression with every pattern replaced by what it stands for; numbers take the dtype of the operands they meet.
Variable instantiate(const Variable& pattern, const Match::Bindings& bindings, Location where);

/// The value that `pattern`, a leaf or a node made by AnyOp, is bound to; null where it is not.
const Variable* find(const Match::Bindings& bindings, const Variable& pattern);

/// `x` cast, broadcast or declared to be of the type.
Variable fit(const Variable& x, const TensorType& type, Location where);

}  // namespace theon

// Rewrite rules: equations between expressions, written in the syntax of expressions.
#pragma once

#include <theon/ops.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace theon {

class Op;

/// A pattern: it stands for any value. One name stands for one value throughout a rule.
Variable any(std::string name);

/// An op known by its name alone: it stands for any op of that name, whatever its axes and other attributes, and for
/// the same one throughout a rule. `const AnyOp sum("sum");` makes `{sum(-x), -sum(x)}` hold along every axis.
class AnyOp {
 public:
  explicit AnyOp(std::string name);
  /// A pattern node; at least one operand is a pattern.
  template <class... Operands>
  Variable operator()(const Operands&... operands) const {
    return applied({Operand(operands)...});
  }

 private:
  Variable applied(const std::vector<Operand>& operands) const;

  std::shared_ptr<const Op> op_;
};

/// What a rule may change in a result.
enum class RuleClass : std::uint8_t {
  exact,        // nothing: a number keeps its bits, a NaN stays a NaN
  rounding,     // the last bits
  stabilising,  // nearer to the exact value everywhere, and never NaN where there is one
  finite_only,  // NaN and infinities may go; off unless asked for
};

/// What the pattern of a rule stands for in the graph where it was found.
class Match {
 public:
  using Bindings = std::vector<std::pair<Variable, Variable>>;
  /// Pairs of pattern and value: the leaves, and the nodes made by AnyOp.
  Match(Variable whole, const Bindings& bindings) : whole_(std::move(whole)), bindings_(&bindings) {}

  /// The value that takes the place of a leaf, or of a node made by AnyOp. Throws ArgumentError for what the pattern
  /// lacks.
  const Variable& operator()(const Variable& pattern) const;
  /// The value that the whole left side stands for.
  const Variable& whole() const { return whole_; }
  /// An expression of patterns, with each replaced by what it stands for.
  Variable instance(const Variable& pattern) const;

 private:
  Variable whole_;
  const Bindings* bindings_;
};

/// An equation, read from left to right. The left side is a pattern; operands of `+` and `*` match in any order and
/// among other operands, a number matches whatever is exactly that number everywhere. The value that replaces a match
/// always has its dtype and dims: it is cast or broadcast where needed.
class Rule {
 public:
  using Condition = std::function<bool(const Match&)>;
  /// Gives the value to take the place of a match, or an empty Variable to leave it alone.
  using Build = std::function<Variable(const Match&)>;

  /// Throws ArgumentError when `from` is no operation on patterns, or `to` has a pattern that `from` lacks.
  Rule(Variable from, Operand to, Condition condition = {});
  /// A right side that needs more than an equation can say; `to` is its text in the rule's name.
  Rule(Variable from, std::string to, Build build);

  /// "log(1 + x) -> log1p(x)"
  const std::string& name() const { return name_; }
  const Variable& from() const { return from_; }
  RuleClass rule_class() const { return class_; }
  /// The same rule of another class; a rule is `rounding` unless it says otherwise.
  Rule as(RuleClass rule_class) const;
  /// An expression the rule is tried on, where the left side alone rarely is one that it applies to.
  Rule tested_on(Variable example) const;
  const Variable& example() const { return example_.is_empty() ? from_ : example_; }

  /// The right side of a match; empty where the rule does not apply. Throws ArgumentError, naming the rule, when it
  /// cannot be built.
  Variable result(const Match& match) const;

 private:
  std::string name_;
  Variable from_, example_;
  RuleClass class_ = RuleClass::rounding;
  Condition condition_;
  Build build_;
};

/// Rules that are switched on together: `Rules mine{{exp(x) * exp(y), exp(x + y)}};`. Each is checked numerically:
/// throws ArgumentError, with values, where the two sides of an instance differ.
class Rules {
 public:
  Rules(std::initializer_list<Rule> rules);
  Rules(std::string name, std::vector<Rule> rules);

  /// "user rules" unless it was given.
  const std::string& name() const { return name_; }
  const std::vector<Rule>& list() const { return list_; }

 private:
  std::string name_;
  std::vector<Rule> list_;
};

/// Identities that hold for finite numbers only: x - x is 0, x * 0 is 0, exp(log(x)) is x. `function(..., {.rules =
/// {finite_only()}})`.
Rules finite_only();

}  // namespace theon

// The driver: applies rules until none applies.
#pragma once

#include <theon/rules.h>

#include "src/graph/op.h"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace theon {

/// Rules, found by the op at the root of their left sides.
class RuleSet {
 public:
  struct Entry {
    Rule rule;
    Variable pattern;       // the left side in canonical form
    std::uint64_t asks_of;  // what its operands are, see `operands_of`
  };

  RuleSet() = default;
  explicit RuleSet(std::span<const Rule> rules);
  /// Those whose root is an op of this name, in the order they were given.
  std::span<const Entry> at(const std::string& op) const;
  /// A bit for each op, by hash of its name, that an operand of the node is made by: a rule applies only where those of
  /// its pattern are among those of the node. It spares most searches.
  static std::uint64_t operands_of(const Apply& node);
  /// The names of all ops on left sides.
  const std::set<std::string>& op_names() const { return names_; }

 private:
  std::unordered_map<std::string, std::vector<Entry>> by_op_;
  std::set<std::string> names_;
};

/// One application of a rule.
struct Firing {
  std::string rule;
  Location where;  // of the user's line that made the node
};

struct Rewritten {
  Graph graph;
  std::vector<Firing> firings;
  /// False where something was left alone because it was shared, and is not shared any more.
  bool is_settled;
};

/// The graph in canonical form (see canonical.h) in which no rule applies any more; the same graph where that was so
/// before.
///
/// Nodes are visited once, operands first; what a rule puts in a node's place is visited next. Equal nodes become one.
/// Types, names and the user's lines stay. A rule that is not stabilising is passed over where it would make more work
/// than it saves, as where part of its left side is used elsewhere. Throws ArgumentError, naming the rules, when they
/// do not come to an end.
Rewritten rewrite(const Graph& graph, const RuleSet& rules);

/// The expression in canonical form.
Variable canonical_form(const Variable& x);

/// What the rule makes of `x`, of the same type; empty where it does not apply at the root of its canonical form.
Variable apply_rule(const Rule& rule, const Variable& x);

}  // namespace theon

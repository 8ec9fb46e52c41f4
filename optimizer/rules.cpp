#include <theon/rules.h>

#include "optimizer/check_rule.h"
#include "optimizer/pattern.h"
#include "optimizer/rules/rules.h"
#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <algorithm>
#include <utility>

namespace theon {

namespace {

void require_pattern(const Variable& from) {
  if (!from.is_empty() && from.owner() && is_pattern(from)) return;
  fail<ArgumentError>(from.is_empty() ? Location() : from.where(),
                      "rule: the left side must be an operation on patterns, as in exp(any(\"x\"))");
}

/// Every pattern of the right side must get its meaning from the left one.
void require_bound(const Variable& from, const Variable& to) {
  Match::Bindings bound;
  for (const Variable& leaf : leaves(std::span(&from, 1))) bound.emplace_back(leaf, leaf);
  for (const Apply* node : toposort(std::span(&from, 1))) bound.emplace_back(node->output(0), node->output(0));
  const auto require = [&](const Variable& x, const std::string& name) {
    if (!find(bound, x))
      fail<ArgumentError>(to.where(), "rule: {} stands only in the right side of {} -> {}", name, to_string(from),
                          to_string(to));
  };
  for (const Variable& leaf : leaves(std::span(&to, 1))) require(leaf, leaf.name());
  for (const Apply* node : toposort(std::span(&to, 1)))
    if (as_pattern_op(*node->op)) require(node->output(0), node->op->name());
}

}  // namespace

Variable any(std::string name) { return Variable(NodeRef(new Leaf(Node::Role::pattern, {}, std::move(name), {})), 0); }

AnyOp::AnyOp(std::string name) : op_(std::make_shared<const PatternOp>(std::move(name))) {}

Variable AnyOp::applied(const std::vector<Operand>& operands) const {
  std::vector<Variable> inputs;
  for (const Operand& x : operands) inputs.push_back(x.value());
  const Variable node = apply(op_, std::move(inputs), operands.at(0).where());
  if (!is_pattern(node)) fail<ArgumentError>(node.where(), "{}: no operand is a pattern", op_->name());
  return node;
}

const Variable& Match::operator()(const Variable& pattern) const {
  if (const Variable* value = find(*bindings_, pattern)) return *value;
  fail<ArgumentError>(pattern.where(), "rule: the left side has no {}", to_string(pattern));
}

Rule::Rule(Variable from, Operand to, Condition condition) : from_(std::move(from)), condition_(std::move(condition)) {
  require_pattern(from_);
  require_bound(from_, to.value());
  name_ = to_string(from_) + " -> " + to_string(to.value());
  build_ = [right = to.value()](const Match& match) { return match.instance(right); };
}

Rule::Rule(Variable from, std::string to, Build build) : from_(std::move(from)), build_(std::move(build)) {
  require_pattern(from_);
  name_ = to_string(from_) + " -> " + to;
}

Rule Rule::as(RuleClass rule_class) const {
  Rule rule = *this;
  rule.class_ = rule_class;
  return rule;
}

Rule Rule::tested_on(Variable example) const {
  Rule rule = *this;
  rule.example_ = std::move(example);
  return rule;
}

Variable Match::instance(const Variable& pattern) const { return instantiate(pattern, *bindings_, whole_.where()); }

Variable Rule::result(const Match& match) const {
  if (condition_ && !condition_(match)) return {};
  const Attribution line(match.whole().where());
  try {
    return build_(match);
  } catch (const Error& error) {
    fail<ArgumentError>(match.whole().where(), "rule {}: the right side cannot be built: {}", name_, error.what());
  }
}

Rules::Rules(std::initializer_list<Rule> rules) : Rules("user rules", std::vector<Rule>(rules)) {}

Rules::Rules(std::string name, std::vector<Rule> rules) : name_(std::move(name)), list_(std::move(rules)) {
  for (const Rule& rule : list_) check_rule(rule);
}

Rules finite_only() {
  static const Rules rules("finite only", finite_only_rules());
  return rules;
}

}  // namespace theon

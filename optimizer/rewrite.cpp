#include "optimizer/rewrite.h"

#include "optimizer/canonical.h"
#include "optimizer/facts.h"
#include "optimizer/intern.h"
#include "optimizer/order.h"
#include "optimizer/pattern.h"
#include "src/ops/elementwise.h"
#include "src/support/check.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

namespace theon {

namespace {

/// What the rule makes of `x`, of the same type; empty where it does not match.
Variable rewritten(const RuleSet::Entry& entry, const Variable& x, Facts& facts, Interned& interned) {
  const auto found = match(entry.pattern, x, facts, interned);
  Variable result = found ? entry.rule.result(Match(x, found->bindings)) : Variable();
  if (result.is_empty()) return result;
  if (!found->rest.empty()) {
    std::vector<Variable> operands = found->rest;
    operands.push_back(cast_to(result, x.dtype(), x.where()));
    result = interned.apply(x.owner()->op, std::move(operands), x.where());
  }
  return fit(result, x.type(), x.where());
}

class Rewriter {
 public:
  Rewriter(std::span<const Variable> outputs, const RuleSet& rules)
      : outputs_(outputs), rules_(rules), facts_(outputs), budget_(1000 + 20 * facts_.values()) {}

  std::vector<Variable> run() {
    std::vector<Variable> result;
    for (const Variable& x : outputs_) result.push_back(normalised(x));
    return result;
  }

  /// Whether another rewriting of the result would change nothing, as far as that depends on what is shared.
  bool is_settled() {
    return facts_.is_settled() && std::ranges::none_of(absorbed_, [&](const Variable& x) { return facts_.is_used(x); });
  }

  std::vector<Firing> firings;

 private:
  Variable normalised(const Variable& root);
  const Variable* final_form(const Variable& x);
  std::optional<std::vector<Variable>> final_operands(const Apply& node);
  void await(const Variable& x);
  void visit(const Apply& node, std::vector<Variable> inputs);
  void advance(const Variable& x, const Variable& rebuilt);
  void replace(const Variable& x, const Variable& by);
  void absorb(const Variable& x, const Variable& rebuilt);

  Variable step(const Variable& x);
  Variable applied(const RuleSet::Entry& entry, const Variable& x);
  bool is_worth(const Variable& x, const Variable& result);
  struct Created {
    double work = 0;
    std::unordered_set<const Node*> kept;  // nodes it makes use of, that exist already
  };
  Created created(const Variable& result);
  double freed(const Variable& x, const std::unordered_set<const Node*>& kept);
  void record(const Rule& rule, Location where);
  [[noreturn]] void fail_to_end(Location where) const;

  std::span<const Variable> outputs_;
  const RuleSet& rules_;
  Facts facts_;
  Interned interned_;
  std::vector<Variable> path_;  // what is being normalised, each for the one before
  std::vector<Variable> absorbed_;
  std::size_t budget_;
};

// The traversal.

Variable Rewriter::normalised(const Variable& root) {
  path_.assign(1, root);
  while (!path_.empty()) {
    const Variable x = path_.back();
    if (final_form(x))
      path_.pop_back();
    else if (!same(facts_.successor(x), x))
      await(x);
    else if (auto inputs = final_operands(*x.owner()))
      visit(*x.owner(), std::move(*inputs));
  }
  return *final_form(root);
}

/// Null as long as it is not known; a leaf has one from the beginning.
const Variable* Rewriter::final_form(const Variable& x) {
  if (const Variable* form = facts_.final_form(x)) return form;
  if (x.owner()) return nullptr;
  const Variable leaf = interned_.leaf(x);
  if (!same(leaf, x)) facts_.replace(x, leaf);
  facts_.finish(leaf);
  return facts_.final_form(x);
}

/// The final forms of the operands. Where some are not known yet, those go on the path, the first on top.
std::optional<std::vector<Variable>> Rewriter::final_operands(const Apply& node) {
  std::vector<Variable> forms;
  forms.reserve(node.inputs.size());
  for (const Variable& x : node.inputs)
    if (const Variable* form = final_form(x)) forms.push_back(*form);
  if (forms.size() == node.inputs.size()) return forms;
  for (std::size_t i = node.inputs.size(); i-- > 0;)
    if (!final_form(node.inputs[i])) path_.push_back(node.inputs[i]);
  return std::nullopt;
}

void Rewriter::await(const Variable& x) {
  if (!facts_.wait(x))
    fail<ArgumentError>(x.where(), "optimize: a rule replaces {} by an expression that contains it{}", to_string(x),
                        firings.empty() ? "" : "; the last to apply was " + firings.back().rule);
  path_.push_back(facts_.successor(x));
}

void Rewriter::visit(const Apply& node, std::vector<Variable> inputs) {
  if (is_absorbed(node, facts_)) return absorb(node.output(0), rebuild(node, std::move(inputs))[0]);
  const Apply* made = interned_.rebuilt(node, std::move(inputs));
  for (std::size_t i = 0; i < node.outputs(); ++i) advance(node.output(i), made->output(i));
}

void Rewriter::advance(const Variable& x, const Variable& rebuilt) {
  const bool keeps_type = is_pattern(x) || x.type() == rebuilt.type();
  const Variable next = !keeps_type ? fit(rebuilt, x.type(), x.where()) : same(x, rebuilt) ? step(x) : rebuilt;
  if (same(next, x))
    facts_.finish(x);
  else
    replace(x, next);
}

void Rewriter::replace(const Variable& x, const Variable& by) {
  if (same(facts_.successor(by), x)) fail_to_end(x.where());
  if (by.owner()) by.named(x.name());
  facts_.replace(x, by);
}

/// What its only user spreads out is final as it is.
void Rewriter::absorb(const Variable& x, const Variable& rebuilt) {
  if (!same(x, rebuilt)) facts_.replace(x, rebuilt);
  facts_.finish(rebuilt);
  absorbed_.push_back(rebuilt);
}

// One step.

Variable Rewriter::step(const Variable& x) {
  if (const Variable form = canonical(x, facts_, interned_); !same(form, x)) return form;
  const std::span<const RuleSet::Entry> entries = rules_.at(x.owner()->op->name());
  const std::uint64_t operands = entries.empty() ? 0 : RuleSet::operands_of(*x.owner());
  for (const RuleSet::Entry& entry : entries) {
    if ((entry.asks_of & ~operands) != 0) continue;
    if (const Variable result = applied(entry, x); !same(result, x)) return result;
  }
  return x;
}

/// What the rule makes of `x`; `x` itself where it does not apply, or where that would make work.
Variable Rewriter::applied(const RuleSet::Entry& entry, const Variable& x) {
  const Variable result = rewritten(entry, x, facts_, interned_);
  if (result.is_empty() || same(result, x)) return x;
  if (entry.rule.rule_class() != RuleClass::stabilising && !is_worth(x, result)) return x;
  record(entry.rule, x.where());
  return result;
}

void Rewriter::record(const Rule& rule, Location where) {
  firings.push_back({rule.name(), where});
  if (firings.size() > budget_) fail_to_end(where);
}

void Rewriter::fail_to_end(Location where) const {
  std::set<std::string> last;
  for (std::size_t i = firings.size() - std::min<std::size_t>(firings.size(), 50); i < firings.size(); ++i)
    last.insert(firings[i].rule);
  std::string names;
  for (const std::string& name : last) names += "\n  " + name;
  fail<ArgumentError>(where, "optimize: the rules did not come to an end after {} applications; the last were{}",
                      firings.size(), names);
}

// Whether a step saves work.

/// How far the nodes around a match are looked at.
constexpr std::size_t most_nodes = 64;

bool Rewriter::is_worth(const Variable& x, const Variable& result) {
  const Created made = created(result);
  return made.work <= freed(x, made.kept);
}

/// The nodes under `result` that do not exist yet.
Rewriter::Created Rewriter::created(const Variable& result) {
  Created made;
  std::unordered_set<const Node*> seen;
  std::vector<Variable> open{result};
  while (!open.empty()) {
    const Variable x = std::move(open.back());
    open.pop_back();
    // A number costs nothing, however it is spelled.
    if (!x.owner() || !seen.insert(x.node().get()).second || facts_.uniform(x)) continue;
    if (final_form(x)) {
      made.kept.insert(x.node().get());
      continue;
    }
    made.work += work(*x.owner());
    open.insert(open.end(), x.owner()->inputs.begin(), x.owner()->inputs.end());
  }
  return made;
}

/// The work of the nodes that nothing needs any more once `x` is gone, but for those that are `kept`.
double Rewriter::freed(const Variable& x, const std::unordered_set<const Node*>& kept) {
  double total = 0;
  std::vector<const Apply*> open{x.owner()};
  for (std::size_t next = 0; next < open.size() && next < most_nodes; ++next) {
    total += work(*open[next]);
    for (const Variable& input : open[next]->inputs)
      if (input.owner() && !facts_.is_shared(input) && !kept.contains(input.node().get()))
        open.push_back(input.owner());
  }
  return total;
}

}  // namespace

RuleSet::RuleSet(std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    const Variable pattern = canonical_form(rule.from());
    // The canonical form alone may turn the left side into the right one.
    if (!pattern.owner()) continue;
    by_op_[pattern.owner()->op->name()].push_back({rule, pattern, operands_of(*pattern.owner())});
    for (const Apply* node : toposort(std::span(&pattern, 1))) names_.insert(node->op->name());
  }
}

std::uint64_t RuleSet::operands_of(const Apply& node) {
  std::uint64_t bits = 0;
  for (const Variable& x : node.inputs)
    if (x.owner()) bits |= std::uint64_t{1} << (std::hash<std::string>()(x.owner()->op->name()) % 64);
  return bits;
}

std::span<const RuleSet::Entry> RuleSet::at(const std::string& op) const {
  const auto found = by_op_.find(op);
  return found == by_op_.end() ? std::span<const Entry>() : found->second;
}

Rewritten rewrite(const Graph& graph, const RuleSet& rules) {
  Rewriter rewriter(graph.outputs, rules);
  std::vector<Variable> outputs = rewriter.run();
  const bool is_settled = std::ranges::equal(outputs, graph.outputs, VariableSame()) || rewriter.is_settled();
  return {{graph.inputs, std::move(outputs)}, std::move(rewriter.firings), is_settled};
}

Variable apply_rule(const Rule& rule, const Variable& x) {
  const Variable form = canonical_form(x);
  Facts facts(std::span(&form, 1));
  Interned interned;
  return form.owner() ? rewritten({rule, canonical_form(rule.from()), 0}, form, facts, interned) : Variable();
}

Variable canonical_form(const Variable& x) { return Rewriter(std::span(&x, 1), RuleSet()).run()[0]; }

}  // namespace theon

#include "optimizer/pipeline.h"

#include "optimizer/check_step.h"
#include "optimizer/passes/passes.h"
#include "optimizer/rules/rules.h"
#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace theon {

namespace {

std::vector<Rule> together(std::initializer_list<std::vector<Rule>> lists) {
  std::vector<Rule> all;
  for (const std::vector<Rule>& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

/// Without any option the rules are the same for every graph.
const RuleSet& default_stability() {
  static const RuleSet rules(together({stability_rules(), cancellation_rules()}));
  return rules;
}
const RuleSet& default_rules() {
  static const RuleSet rules(together({stability_rules(), cancellation_rules(), algebra_rules(), shape_rules()}));
  return rules;
}

/// By these names a user may leave them out.
namespace steps {
constexpr const char* merge = "merge";
constexpr const char* identities = "remove identities";
constexpr const char* inline_unknown = "inline composites that no rule knows";
constexpr const char* fold = "fold constants";
constexpr const char* stabilise = "stabilise";
constexpr const char* simplify = "simplify";
constexpr const char* inline_all = "inline composites";
constexpr const char* fold_again = "fold constants again";
constexpr const char* simplify_again = "simplify again";
constexpr const char* products = "order products";
constexpr const char* differences = "write differences";
constexpr const char* wide = "split wide sums";
constexpr const char* originals = "take the original nodes";

const std::vector<std::string> all{merge,       identities, inline_unknown, fold,           stabilise,
                                   simplify,    inline_all, fold_again,     simplify_again, products,
                                   differences, wide,       originals};
}  // namespace steps

/// The rules that the options leave.
class Selection {
 public:
  explicit Selection(const OptimizeOptions& options) : options_(options) {
    if (options.rules.empty() && options.disabled.empty()) return;
    const std::vector<Rule> stability = together({stability_rules(), cancellation_rules()});
    const std::vector<Rule> all = together({stability, user_rules(), algebra_rules(), shape_rules()});
    for (const std::string& name : options.disabled) check_name(name, all);
    stability_.emplace(enabled(stability));
    all_.emplace(enabled(all));
  }

  const RuleSet& stability() const { return stability_ ? *stability_ : default_stability(); }
  const RuleSet& all() const { return all_ ? *all_ : default_rules(); }
  bool is_disabled(const std::string& name) const { return std::ranges::count(options_.disabled, name) > 0; }

 private:
  void check_name(const std::string& name, const std::vector<Rule>& rules) const {
    const bool is_known = std::ranges::count(steps::all, name) > 0 ||
                          std::ranges::count(rules, name, &Rule::name) > 0 ||
                          std::ranges::count(options_.rules, name, &Rules::name) > 0;
    if (is_known) return;
    std::string names;
    for (const std::string& step : steps::all) names += "\n  " + step;
    fail<ArgumentError>(
        options_.where,
        "nothing is called '{}', so it cannot be disabled; rules are called by their text, the steps are{}", name,
        names);
  }

  std::vector<Rule> enabled(std::vector<Rule> rules) const {
    std::erase_if(rules, [&](const Rule& rule) { return is_disabled(rule.name()); });
    return rules;
  }

  std::vector<Rule> user_rules() const {
    std::vector<Rule> rules;
    for (const Rules& list : options_.rules)
      if (!is_disabled(list.name())) rules.insert(rules.end(), list.list().begin(), list.list().end());
    return rules;
  }

  const OptimizeOptions& options_;
  std::optional<RuleSet> stability_, all_;
};

/// Whether composites are among the nodes, or among those of inner graphs.
bool has_composites(std::span<const Apply* const> nodes) {
  return std::ranges::any_of(nodes, [](const Apply* node) {
    const auto is_deep = [](const Graph& inner) { return has_composites(toposort(inner.outputs)); };
    return node->op->op_class() == Op::Class::composite ||
           (node->op->op_class() == Op::Class::region && std::ranges::any_of(node->op->inner(), is_deep));
  });
}

/// A graph on its way through the steps.
class Run {
 public:
  Run(const Graph& graph, const OptimizeOptions& options) : options_(options), rules_(options), result_{graph, {}} {
    survey();
  }

  /// Whether the graph is another one now.
  bool step(const std::string& name, const Pass& pass) {
    THEON_CHECK(std::ranges::count(steps::all, name) > 0);
    if (rules_.is_disabled(name)) return false;
    const auto begin = std::chrono::steady_clock::now();
    Graph after = has_regions_ ? in_every_graph(graph(), pass) : pass(graph());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    check_types(name, graph(), after);
    if (options_.verify) check_values(name, graph(), after);
    const bool is_changed = !std::ranges::equal(graph().outputs, after.outputs, VariableSame());
    const std::size_t nodes_before = nodes_;
    result_.graph = std::move(after);
    if (is_changed) survey();
    result_.trace.push_back({name, seconds.count(), nodes_before, nodes_, std::exchange(firings_, {})});
    return is_changed;
  }

  /// Rewrites until nothing changes; two or three passes settle what was shared.
  void rewrite(const std::string& name, const RuleSet& rules, int most_passes = 8) {
    step(name, [&](const Graph& before) {
      Rewritten after{before, {}, false};
      for (int pass = 0; pass < most_passes && !after.is_settled; ++pass) {
        after = theon::rewrite(after.graph, rules);
        std::ranges::move(after.firings, std::back_inserter(firings_));
      }
      return std::move(after.graph);
    });
  }

  const Selection& rules() const { return rules_; }
  bool has_composites() const { return has_composites_; }
  const Graph& graph() const { return result_.graph; }
  Optimized finish() { return std::move(result_); }

 private:
  /// Walks through the graph once for whoever asks about it: it is large.
  void survey() {
    const std::vector<const Apply*> nodes = toposort(graph().outputs);
    nodes_ = nodes.size();
    has_regions_ = has_regions(nodes);
    has_composites_ = theon::has_composites(nodes);
  }

  const OptimizeOptions& options_;
  Selection rules_;
  Optimized result_;
  std::size_t nodes_ = 0;
  bool has_regions_ = false, has_composites_ = false;
  std::vector<Firing> firings_;  // of the step under way
};

Graph inline_all(const Graph& graph) { return inline_composites(graph, {}); }

/// Expansions that rules turn into composites again are a mistake in the rules; they end here.
constexpr int most_rounds = 6;

}  // namespace

Optimized optimize(const Graph& graph, const OptimizeOptions& options) {
  Run run(graph, options);
  const bool is_full = options.mode != Mode::fast_compile;
  const RuleSet& all = is_full ? run.rules().all() : run.rules().stability();

  Interned original;
  const auto merge_with_original = [&](const Graph& g) { return merge(g, original); };
  run.step(steps::merge, merge_with_original);
  run.step(steps::identities, remove_identities);
  run.step(steps::inline_unknown, [&](const Graph& g) { return inline_composites(g, all.op_names()); });
  run.step(steps::fold, fold_constants);
  if (is_full) {
    run.rewrite(steps::stabilise, run.rules().stability(), 1);
    run.rewrite(steps::simplify, all);
  } else {
    run.rewrite(steps::stabilise, run.rules().stability());
  }
  for (int round = 0; round < most_rounds; ++round) {
    const bool is_inlined = run.has_composites() && run.step(steps::inline_all, inline_all);
    const bool is_folded = run.step(steps::fold_again, fold_constants);
    if (!is_inlined && !is_folded) break;
    run.rewrite(steps::simplify_again, all);
  }
  if (run.has_composites()) run.step(steps::inline_all, inline_all);
  if (is_full) run.step(steps::products, order_products);
  run.step(steps::differences, write_differences);
  run.step(steps::wide, split_wide);
  run.step(steps::originals, merge_with_original);
  return run.finish();
}

Variable optimize(const Variable& x, const OptimizeOptions& options) {
  return optimize(Graph{leaves(std::span(&x, 1)), {x}}, options).graph.outputs[0];
}

}  // namespace theon

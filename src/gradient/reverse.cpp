// Reverse mode. One sweep over the graph, outputs first; every node's op pulls cotangents of its outputs back to its
// inputs.
#include <theon/gradient.h>

#include "src/gradient/direction.h"
#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <unordered_set>
#include <utility>

namespace theon {

namespace {

using VariableSet = std::unordered_set<Variable, VariableHash, VariableSame>;

/// What flows into each variable. Terms that meet are added up as one node.
class Cotangents {
 public:
  void add(const Variable& x, Variable term) { terms_[x].push_back(std::move(term)); }

  /// The sum of what has arrived at `x`; empty where nothing has.
  Variable total(const Variable& x) {
    const auto found = terms_.find(x);
    if (found == terms_.end()) return {};
    std::vector<Variable>& terms = found->second;
    if (terms.size() > 1) terms = {add_n(terms, x.where())};
    return terms[0];
  }

 private:
  VariableMap<std::vector<Variable>> terms_;
};

bool any_of(std::span<const Variable> list, const VariableSet& set) {
  return std::ranges::any_of(list, [&](const Variable& x) { return set.contains(x); });
}

/// The variables through which `wrt` can influence anything computed by `order`: those that cotangents are worth
/// computing for.
VariableSet influenced(std::span<const Apply* const> order, std::span<const Variable> wrt,
                       const VariableSet& constants) {
  VariableSet found;
  for (const Variable& x : wrt)
    if (!constants.contains(x)) found.insert(x);
  for (const Apply* node : order) {
    if (!any_of(node->inputs, found)) continue;
    for (std::size_t k = 0; k < node->outputs(); ++k)
      if (const Variable y = node->output(k); !constants.contains(y)) found.insert(y);
  }
  return found;
}

/// Every variable that one of `ends` is computed from.
VariableSet ancestors(std::span<const Apply* const> order, std::span<const Variable> ends,
                      const VariableSet& constants) {
  VariableSet found(ends.begin(), ends.end());
  for (const Apply* node : std::views::reverse(order)) {
    bool needed = false;
    for (std::size_t k = 0; k < node->outputs(); ++k) needed = needed || found.contains(node->output(k));
    if (!needed) continue;
    for (const Variable& x : node->inputs)
      if (!constants.contains(x)) found.insert(x);
  }
  return found;
}

void check_pulled(const Apply& node, std::span<const Variable> pulled) {
  THEON_CHECK(pulled.size() == node.inputs.size());
  for (std::size_t i = 0; i < pulled.size(); ++i) {
    if (pulled[i].is_empty()) continue;
    if (pulled[i].dtype() != node.inputs[i].dtype() || pulled[i].ndim() != node.inputs[i].ndim())
      fail<InternalError>(node.where, "the pullback of {} gives {} for input {}, which is {}", node.op->name(),
                          to_string(pulled[i].type()), i, to_string(node.inputs[i].type()));
  }
}

/// The cotangents of a node's inputs from what has arrived at its outputs; none where nothing has.
std::vector<Variable> pull_back(const Apply& node, Cotangents& cotangents) {
  std::vector<Variable> arrived(node.outputs());
  bool any = false;
  for (std::size_t k = 0; k < node.outputs(); ++k) {
    arrived[k] = cotangents.total(node.output(k));
    any = any || !arrived[k].is_empty();
  }
  if (!any) return {};
  const Attribution line(node.where);
  std::vector<Variable> pulled = node.op->pullback(node, arrived);
  check_pulled(node, pulled);
  return pulled;
}

/// One differentiation: cotangents are seeded at some variables, swept back, and collected at others.
class ReverseSweep {
 public:
  ReverseSweep(const GradOptions& options, Location where)
      : constants_(options.consider_constant.begin(), options.consider_constant.end()),
        policy_(options.disconnected),
        where_(where) {}

  void seed(const Variable& end, const Variable& cotangent) {
    if (constants_.contains(end)) return;
    ends_.push_back(end);
    cotangents_.add(end, cotangent);
  }

  void run(std::span<const Variable> wrt) {
    order_ = toposort(ends_);
    const VariableSet live = influenced(order_, wrt, constants_);
    for (const Apply* node : std::views::reverse(order_)) {
      if (!any_of(node->inputs, live)) continue;
      const std::vector<Variable> pulled = pull_back(*node, cotangents_);
      for (std::size_t i = 0; i < pulled.size(); ++i)
        if (!pulled[i].is_empty() && live.contains(node->inputs[i])) cotangents_.add(node->inputs[i], pulled[i]);
    }
  }

  /// What has arrived at `x`, or what the policy puts in its place.
  Variable derivative(const Variable& x) {
    const Variable arrived = constants_.contains(x) ? Variable() : cotangents_.total(x);
    return arrived.is_empty() ? missing(x) : arrived;
  }

 private:
  /// An ancestor that nothing arrived at has influence by steps alone, whose derivative is zero: a comparison, a
  /// rounding, an index, stop_gradient.
  Variable missing(const Variable& x) {
    switch (policy_) {
      case Disconnected::error:
        if (!is_ancestor(x))
          fail<GradientError>(where_,
                              "grad: the cost does not depend on {}; leave it out, or ask for .disconnected = "
                              "Disconnected::zero",
                              described(x));
        return zeros(x.dtype(), x.dims(), where_);
      case Disconnected::zero:
        return zeros(x.dtype(), x.dims(), where_);
      case Disconnected::none:
        return {};
    }
    __builtin_unreachable();
  }

  bool is_ancestor(const Variable& x) {
    if (!ancestors_) ancestors_ = ancestors(order_, ends_, constants_);
    return ancestors_->contains(x);
  }

  VariableSet constants_;
  Disconnected policy_;
  Location where_;
  Cotangents cotangents_;
  std::vector<Variable> ends_;
  std::vector<const Apply*> order_;
  std::optional<VariableSet> ancestors_;
};

void check_cost(const Variable& cost, const GradOptions& options, Location where) {
  if (cost.is_empty()) {
    if (options.known_grads.empty()) fail<ArgumentError>(where, "grad: there is neither a cost nor a known gradient");
    return;
  }
  require_differentiable("grad", cost, where);
  if (cost.ndim() != 0)
    fail<GradientError>(where,
                        "grad: the cost is no scalar ({}); take the gradient of its sum or mean, or use jacobian",
                        described(cost));
}

/// "d(cost)/d(w)", for nodes that the differentiation has made: those younger than its first.
void name_derivative(const Variable& derivative, const Variable& cost, const Variable& x, const Node& first) {
  if (derivative.is_empty() || x.name().empty() || derivative.node()->serial < first.serial) return;
  const std::string of = cost.is_empty() || cost.name().empty() ? "cost" : cost.name();
  derivative.named(fmt::format("d({})/d({})", of, x.name()));
}

}  // namespace

std::vector<Variable> grad(const Variable& cost, const std::vector<Variable>& wrt, const GradOptions& options,
                           Location where) {
  check_cost(cost, options, where);
  for (const Variable& x : wrt) require_differentiable("grad", x, where);

  ReverseSweep sweep(options, where);
  const Variable one = constant(Tensor(1.0).astype(cost.is_empty() ? DType::float64 : cost.dtype()), where);
  if (!cost.is_empty()) sweep.seed(cost, one);
  for (const auto& [x, g] : options.known_grads) sweep.seed(x, fitted_direction("grad", g, x, where));
  sweep.run(wrt);

  std::vector<Variable> derivatives;
  for (const Variable& x : wrt) {
    derivatives.push_back(sweep.derivative(x));
    name_derivative(derivatives.back(), cost, x, *one.node());
  }
  return derivatives;
}

}  // namespace theon

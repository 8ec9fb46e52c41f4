// Reverse mode. One sweep over the graph, outputs first; every node's op pulls cotangents of its outputs back to its
// inputs.
#include <theon/gradient.h>

#include "src/gradient/direction.h"
#include "src/graph/glance.h"
#include "src/graph/traversal.h"
#include "src/ops/elementwise.h"
#include "src/support/check.h"
#include "src/support/pointer_numbers.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace theon {

namespace {

/// The variables of a graph by number, so that what is known of each stands in an array.
class Numbering {
 public:
  Numbering(std::span<const Apply* const> order, std::span<const Variable> others) {
    outputs_.reserve(order.size());
    first_input_.reserve(order.size() + 1);
    for (const Apply* node : order) {
      first_input_.push_back(static_cast<std::uint32_t>(inputs_.size()));
      for (const Variable& x : node->inputs) inputs_.push_back(add(x));
      outputs_.push_back(first_.add(node, width(node)).first);
    }
    first_input_.push_back(static_cast<std::uint32_t>(inputs_.size()));
    for (const Variable& x : others) add(x);
  }

  std::size_t size() const { return first_.size(); }
  std::size_t operator[](const Variable& x) const { return first_.find(x.node().get()) + x.index(); }
  /// Of the node at a position of the order: its inputs, and its first output, whose siblings follow.
  std::span<const std::uint32_t> inputs(std::size_t position) const {
    return std::span(inputs_).subspan(first_input_[position], first_input_[position + 1] - first_input_[position]);
  }
  std::size_t outputs(std::size_t position) const { return outputs_[position]; }

 private:
  std::uint32_t add(const Variable& x) { return first_.add(x.node().get(), width(owner_of(x))).first + x.index(); }
  static std::uint32_t width(const Apply* owner) { return owner ? static_cast<std::uint32_t>(owner->outputs()) : 1; }

  PointerNumbers first_;  // of each node, that of its first output
  std::vector<std::uint32_t> inputs_, first_input_, outputs_;
};

/// What flows into a variable. Terms that meet are added up as one node.
class Cotangent {
 public:
  void add(Variable term) { first_.is_empty() ? first_ = std::move(term) : more_.emplace_back(std::move(term)); }

  /// The sum of what has arrived; empty where nothing has.
  const Variable& total(Location where) {
    if (!more_.empty()) {
      const Attribution line(where);
      more_.insert(more_.begin(), std::move(first_));
      first_ = apply(elementwise_op("add"), std::exchange(more_, {}), where);
    }
    return first_;
  }

 private:
  Variable first_;
  std::vector<Variable> more_;
};

void check_pulled(const Apply& node, std::span<const Variable> pulled) {
  THEON_CHECK(pulled.size() == node.inputs.size());
  for (std::size_t i = 0; i < pulled.size(); ++i) {
    if (pulled[i].is_empty()) continue;
    const TensorType &given = *type_unless_pattern(pulled[i]), &wanted = *type_unless_pattern(node.inputs[i]);
    if (given.dtype != wanted.dtype || given.ndim() != wanted.ndim())
      fail<InternalError>(node.where, "the pullback of {} gives {} for input {}, which is {}", node.op->name(),
                          to_string(pulled[i].type()), i, to_string(node.inputs[i].type()));
  }
}

/// One differentiation: cotangents are seeded at some variables, swept back, and collected at others.
class ReverseSweep {
 public:
  ReverseSweep(const GradOptions& options, std::span<const Variable> ends, std::span<const Variable> wrt,
               Location where)
      : ends_(ends),
        order_(toposort(ends)),
        numbers_(order_, joined({ends, wrt, options.consider_constant})),
        policy_(options.disconnected),
        where_(where),
        is_constant_(numbers_.size(), false),
        is_live_(numbers_.size(), false),
        cotangents_(numbers_.size()) {
    for (const Variable& x : options.consider_constant) is_constant_[numbers_[x]] = true;
    find_live(wrt);
  }

  void seed(const Variable& end, const Variable& cotangent) {
    if (!is_constant_[numbers_[end]]) cotangents_[numbers_[end]].add(cotangent);
  }

  void run() {
    for (std::size_t position = order_.size(); position-- > 0;) {
      const std::span<const std::uint32_t> inputs = numbers_.inputs(position);
      if (!any_live(inputs)) continue;
      std::vector<Variable> pulled = pull_back(position);
      for (std::size_t i = 0; i < pulled.size(); ++i)
        if (!pulled[i].is_empty() && is_live_[inputs[i]]) cotangents_[inputs[i]].add(std::move(pulled[i]));
    }
  }

  /// What has arrived at `x`, or what the policy puts in its place.
  Variable derivative(const Variable& x) {
    const std::size_t number = numbers_[x];
    const Variable arrived = is_constant_[number] ? Variable() : cotangents_[number].total(x.where());
    return arrived.is_empty() ? missing(x) : arrived;
  }

 private:
  static std::vector<Variable> joined(std::initializer_list<std::span<const Variable>> lists) {
    std::vector<Variable> all;
    for (const std::span<const Variable>& list : lists) all.insert(all.end(), list.begin(), list.end());
    return all;
  }

  bool any_live(std::span<const std::uint32_t> numbers) const {
    return std::ranges::any_of(numbers, [this](std::uint32_t x) { return is_live_[x]; });
  }

  /// Live are the variables through which `wrt` can have influence: those that cotangents are worth computing for.
  void find_live(std::span<const Variable> wrt) {
    for (const Variable& x : wrt) is_live_[numbers_[x]] = !is_constant_[numbers_[x]];
    for (std::size_t position = 0; position < order_.size(); ++position) {
      if (!any_live(numbers_.inputs(position))) continue;
      const std::size_t first = numbers_.outputs(position);
      for (std::size_t y = first; y < first + order_[position]->outputs(); ++y) is_live_[y] = !is_constant_[y];
    }
  }

  /// The cotangents of a node's inputs from what has arrived at its outputs; none where nothing has.
  std::vector<Variable> pull_back(std::size_t position) {
    const Apply& node = *order_[position];
    arrived_.clear();
    for (std::size_t k = 0; k < node.outputs(); ++k)
      arrived_.push_back(cotangents_[numbers_.outputs(position) + k].total(node.where));
    if (std::ranges::all_of(arrived_, &Variable::is_empty)) return {};
    const Attribution line(node.where);
    std::vector<Variable> pulled = node.op->pullback(node, arrived_);
    check_pulled(node, pulled);
    return pulled;
  }

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
    if (is_ancestor_.empty()) find_ancestors();
    return is_ancestor_[numbers_[x]];
  }

  /// Every variable that one of the ends is computed from.
  void find_ancestors() {
    is_ancestor_.assign(numbers_.size(), false);
    for (const Variable& end : ends_) is_ancestor_[numbers_[end]] = !is_constant_[numbers_[end]];
    for (std::size_t position = order_.size(); position-- > 0;) {
      const auto first = is_ancestor_.begin() + static_cast<std::ptrdiff_t>(numbers_.outputs(position));
      if (std::none_of(first, first + static_cast<std::ptrdiff_t>(order_[position]->outputs()), std::identity()))
        continue;
      for (const std::uint32_t x : numbers_.inputs(position)) is_ancestor_[x] = is_ancestor_[x] || !is_constant_[x];
    }
  }

  std::span<const Variable> ends_;
  std::vector<const Apply*> order_;
  Numbering numbers_;
  Disconnected policy_;
  Location where_;
  // By number.
  std::vector<bool> is_constant_, is_live_, is_ancestor_;
  std::vector<Cotangent> cotangents_;
  std::vector<Variable> arrived_;  // at the outputs of the node whose turn it is
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

  const Variable one = own_constant(Tensor(1.0).astype(cost.is_empty() ? DType::float64 : cost.dtype()), where);
  std::vector<Variable> ends, seeds;
  if (!cost.is_empty()) ends.push_back(cost), seeds.push_back(one);
  for (const auto& [x, g] : options.known_grads)
    ends.push_back(x), seeds.push_back(fitted_direction("grad", g, x, where));
  ReverseSweep sweep(options, ends, wrt, where);
  for (std::size_t i = 0; i < ends.size(); ++i) sweep.seed(ends[i], seeds[i]);
  sweep.run();

  std::vector<Variable> derivatives;
  for (const Variable& x : wrt) {
    derivatives.push_back(sweep.derivative(x));
    name_derivative(derivatives.back(), cost, x, *one.node());
  }
  return derivatives;
}

}  // namespace theon

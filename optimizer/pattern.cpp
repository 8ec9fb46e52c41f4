#include "optimizer/pattern.h"

#include "src/graph/specify.h"
#include "src/ops/elementwise.h"
#include "src/support/check.h"

#include <algorithm>
#include <typeinfo>
#include <utility>

namespace theon {

Signature PatternOp::infer(std::span<const Variable>, Location) const {
  THEON_CHECK(!"the op of a pattern was applied to values");
  return {};
}
std::vector<Variable> PatternOp::pullback(const Apply& node, std::span<const Variable>) const {
  fail<GradientError>(node.where, "{}: a pattern has no derivative", name_);
}
std::vector<Variable> PatternOp::pushforward(const Apply& node, std::span<const Variable>) const {
  fail<GradientError>(node.where, "{}: a pattern has no derivative", name_);
}

const PatternOp* as_pattern_op(const Op& op) {
  return typeid(op) == typeid(PatternOp) ? static_cast<const PatternOp*>(&op) : nullptr;
}

const Variable* find(const Match::Bindings& bindings, const Variable& pattern) {
  const Apply* node = pattern.owner();
  for (const auto& [bound, value] : bindings) {
    const Apply* other = bound.owner();
    const bool is_same = node && other ? node->op == other->op : !node && !other && pattern.name() == bound.name();
    if (is_same) return &value;
  }
  return nullptr;
}

namespace {

bool is_variadic(const Op& op) {
  const ElementwiseDefinition* definition = elementwise_definition(op);
  return definition && definition->variadic;
}

bool is_leaf(const Variable& pattern) { return pattern.node()->role == Node::Role::pattern; }

/// `pattern` must be `value`.
struct Goal {
  Variable pattern, value;
};

/// Operands of one sum or product, pattern and value, that are not paired yet.
struct Terms {
  std::vector<Variable> patterns, values;
  const Apply* node;
  bool is_root;
};

struct State {
  Found found;
  std::vector<Goal> goals;
  std::vector<Terms> terms;  // the innermost last
};

/// Numbers first, then operations, then leaves: what decides most is looked for first.
int generality(const Variable& pattern) { return pattern.owner() ? 1 : is_leaf(pattern) ? 2 : 0; }

/// A depth-first search; where operands commute, each choice is tried on a copy of the state.
class Search {
 public:
  Search(const Variable& root, Facts& facts, Interned& interned) : root_(root), facts_(facts), interned_(interned) {}

  std::optional<Found> operator()(const Variable& pattern) {
    if (!glance(pattern)) return std::nullopt;
    State state{{}, {{pattern, root_}}, {}};
    return solve(state) ? std::optional(std::move(state.found)) : std::nullopt;
  }

 private:
  static constexpr int most_steps = 400;

  /// Whether there are as many operations and numbers of each kind as among the pattern's operands; false decides most
  /// searches at little cost.
  bool glance(const Variable& pattern) {
    if (!may_be(pattern, root_)) return false;
    const auto &wanted = pattern.owner()->inputs, &given = root_.owner()->inputs;
    if (!pattern.owner()->op->commutes())
      return wanted.size() == given.size() &&
             std::ranges::equal(wanted, given, [&](const Variable& p, const Variable& x) { return may_be(p, x); });
    return std::ranges::all_of(wanted, [&](const Variable& p) {
      if (is_leaf(p)) return true;
      const auto counterparts = std::ranges::count_if(given, [&](const Variable& x) { return may_be(p, x); });
      return counterparts >= std::ranges::count_if(wanted, [&](const Variable& q) { return is_alike(p, q); });
    });
  }

  static bool is_alike(const Variable& p, const Variable& q) {
    return p.owner() && q.owner() ? p.owner()->op->equals(*q.owner()->op) : same(p, q);
  }

  bool solve(State& state) {
    while (!state.goals.empty()) {
      if (++steps_ > most_steps) return false;
      const Goal goal = std::move(state.goals.back());
      state.goals.pop_back();
      if (!goal.pattern.owner()) {
        if (!fits(goal.pattern, goal.value, state)) return false;
      } else if (!enter(goal, state)) {
        return false;
      } else if (swaps(goal)) {
        return solve_in_either_order(goal, state);
      }
    }
    return state.terms.empty() || solve_terms(state);
  }

  bool fits(const Variable& pattern, const Variable& value, State& state) {
    if (!is_leaf(pattern)) return is_number(*as_constant(pattern), value);
    if (const Variable* bound = find(state.found.bindings, pattern)) return same(*bound, value);
    state.found.bindings.emplace_back(pattern, value);
    return true;
  }

  /// Whether `value` is everywhere exactly the number, in the value's own dtype.
  bool is_number(const Constant& number, const Variable& value) {
    const auto uniform = facts_.uniform(value);
    if (!uniform) return false;
    const Tensor converted = number.value.astype(uniform->dtype);
    const bool keeps = is_floating(uniform->dtype) ||
                       converted.astype(number.value.dtype()).item<double>() == number.value.item<double>();
    return keeps && identical(converted, as_constant(scalar_constant(*uniform, {}))->value);
  }

  static bool swaps(const Goal& goal) {
    const Apply& pattern = *goal.pattern.owner();
    return pattern.op->commutes() && !is_variadic(*pattern.op);
  }

  /// Whether the ops agree; the operands become goals, but for those of ops that commute.
  bool enter(const Goal& goal, State& state) {
    const Apply &pattern = *goal.pattern.owner(), *value = goal.value.owner();
    if (!value || goal.pattern.index() != goal.value.index() || !agrees(goal, state)) return false;
    if (is_variadic(*pattern.op)) {
      Terms terms{pattern.input_list(), value->input_list(), value, same(goal.value, root_)};
      std::ranges::stable_sort(terms.patterns, {}, generality);
      state.terms.push_back(std::move(terms));
      return true;
    }
    if (pattern.inputs.size() != value->inputs.size()) return false;
    if (!pattern.op->commutes())
      for (std::size_t i = pattern.inputs.size(); i-- > 0;)
        state.goals.push_back({pattern.inputs[i], value->inputs[i]});
    return true;
  }

  static bool agrees(const Goal& goal, State& state) {
    const Op &wanted = *goal.pattern.owner()->op, &given = *goal.value.owner()->op;
    if (!as_pattern_op(wanted)) return wanted.equals(given);
    if (wanted.name() != given.name()) return false;
    if (const Variable* bound = find(state.found.bindings, goal.pattern)) return bound->owner()->op->equals(given);
    state.found.bindings.emplace_back(goal.pattern, goal.value);
    return true;
  }

  bool solve_in_either_order(const Goal& goal, State& state) {
    const auto &patterns = goal.pattern.owner()->inputs, &values = goal.value.owner()->inputs;
    for (const std::size_t first : {0, 1}) {
      State tried = state;
      tried.goals.push_back({patterns[1], values[1 - first]});
      tried.goals.push_back({patterns[0], values[first]});
      if (adopt(tried, state)) return true;
    }
    return false;
  }

  bool adopt(State& tried, State& state) {
    if (!solve(tried)) return false;
    state = std::move(tried);
    return true;
  }

  bool solve_terms(State& state) {
    Terms& terms = state.terms.back();
    if (terms.patterns.empty()) return finish_terms(state);
    const Variable pattern = terms.patterns.front();
    const bool is_free = is_leaf(pattern) && !find(state.found.bindings, pattern);
    if (is_free && terms.patterns.size() == 1) return take_rest(state, pattern);
    for (std::size_t i = 0; i < terms.values.size() && steps_ <= most_steps; ++i) {
      if (!may_be(pattern, terms.values[i])) continue;
      State tried = state;
      Terms& left = tried.terms.back();
      left.patterns.erase(left.patterns.begin());
      tried.goals.push_back({pattern, left.values[i]});
      left.values.erase(left.values.begin() + static_cast<std::ptrdiff_t>(i));
      if (adopt(tried, state)) return true;
    }
    return false;
  }

  /// A glance that spares a copy of the state.
  bool may_be(const Variable& pattern, const Variable& value) {
    if (is_leaf(pattern)) return true;
    const Apply* node = pattern.owner();
    if (!node) return facts_.uniform(value).has_value();
    if (!value.owner()) return false;
    return as_pattern_op(*node->op) ? node->op->name() == value.owner()->op->name()
                                    : node->op->equals(*value.owner()->op);
  }

  bool finish_terms(State& state) {
    Terms done = std::move(state.terms.back());
    if (!done.values.empty() && !done.is_root) return false;
    if (done.is_root) state.found.rest = std::move(done.values);
    state.terms.pop_back();
    return solve(state);
  }

  bool take_rest(State& state, const Variable& pattern) {
    Terms& terms = state.terms.back();
    if (terms.values.empty()) return false;
    const Variable all =
        terms.values.size() == 1 ? terms.values[0] : interned_.apply(terms.node->op, terms.values, terms.node->where);
    terms.patterns.clear();
    terms.values.clear();
    state.goals.push_back({pattern, all});
    return solve(state);
  }

  const Variable& root_;
  Facts& facts_;
  Interned& interned_;
  int steps_ = 0;
};

/// A number of a pattern takes the dtype of what it meets.
Operand operand(const Variable& pattern, const Variable& value) {
  const Constant* number = as_constant(pattern);
  if (!number || number->value.ndim() > 0) return Operand(value);
  if (is_floating(number->value.dtype())) return Operand(number->value.item<double>());
  return Operand(number->value.item<std::int64_t>());
}

}  // namespace

std::optional<Found> match(const Variable& pattern, const Variable& value, Facts& facts, Interned& interned) {
  return Search(value, facts, interned)(pattern);
}

Variable instantiate(const Variable& pattern, const Match::Bindings& bindings, Location where) {
  const Attribution line(where);
  VariableMap<Variable> made;
  const auto value = [&](const Variable& x) -> const Variable& {
    if (const auto known = made.find(x); known != made.end()) return known->second;
    const Variable* bound = x.owner() ? nullptr : find(bindings, x);
    return bound ? *bound : x;
  };
  for (const Apply* node : toposort(std::span(&pattern, 1))) {
    std::vector<Operand> operands;
    for (const Variable& x : node->inputs) operands.push_back(operand(x, value(x)));
    if (elementwise_definition(*node->op) && !elementwise_definition(*node->op)->target) {
      made.emplace(node->output(0), elementwise(node->op->name(), operands, where));
      continue;
    }
    std::vector<Variable> inputs;
    for (const Operand& x : operands) inputs.push_back(x.value());
    const Variable* like = as_pattern_op(*node->op) ? find(bindings, node->output(0)) : nullptr;
    const std::vector<Variable> outputs = apply_all(like ? like->owner()->op : node->op, std::move(inputs), where);
    for (std::size_t i = 0; i < outputs.size(); ++i) made.emplace(node->output(i), outputs[i]);
  }
  return value(pattern);
}

namespace {

bool stretches(const Shape& from, const Shape& to) {
  if (from.size() != to.size()) return from.size() < to.size();
  for (std::size_t axis = 0; axis < from.size(); ++axis)
    if (from[axis] == Dim(1) && to[axis] != Dim(1)) return true;
  return false;
}

}  // namespace

Variable fit(const Variable& x, const TensorType& type, Location where) {
  if (is_pattern(x)) return x;
  const Attribution line(where);
  const Variable cast = cast_to(x, type.dtype, where);
  return stretches(cast.dims(), type.dims) ? broadcast_to(cast, type.dims) : specify_dims(cast, type.dims, where);
}

}  // namespace theon

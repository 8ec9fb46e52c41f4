#include "optimizer/rules/parts.h"

#include "src/ops/elementwise.h"
#include "src/ops/index.h"
#include "src/ops/neural.h"
#include "src/ops/shape.h"

#include <algorithm>
#include <utility>

namespace theon {

std::vector<Rule> of_class(RuleClass rule_class, std::vector<Rule> rules) {
  for (Rule& rule : rules) rule = rule.as(rule_class);
  return rules;
}

bool is_op(const Variable& x, std::string_view name) { return x.owner() && x.owner()->op->name() == name; }

const Variable& operand(const Variable& x, std::size_t k) { return x.owner()->inputs[k]; }

std::vector<Variable> factors(const Variable& x) {
  return is_elementwise(x, "mul") ? x.owner()->input_list() : std::vector{x};
}
std::vector<Variable> terms(const Variable& x) {
  return is_elementwise(x, "add") ? x.owner()->input_list() : std::vector{x};
}

Variable product(const std::vector<Variable>& factors) {
  if (factors.size() == 1) return factors[0];
  return elementwise("mul", std::vector<Operand>(factors.begin(), factors.end()), factors[0].where());
}

Variable total(const std::vector<Variable>& terms) { return add_n(terms, terms.at(0).where()); }

bool contains(const std::vector<int>& list, int value) { return std::ranges::count(list, value) > 0; }

bool is_constant_along(const Variable& x, const Shape& dims, const std::vector<int>& axes) {
  const int extra = static_cast<int>(dims.size()) - x.ndim();
  return std::ranges::all_of(axes, [&](int axis) { return axis < extra || x.dims()[axis - extra] == Dim(1); });
}

Variable without_axes(const Variable& x, int rank, const std::vector<int>& axes) {
  const int extra = rank - x.ndim();
  std::vector<int> kept;
  for (int axis = 0; axis < x.ndim(); ++axis)
    if (!contains(axes, axis + extra)) kept.push_back(axis);
  return dimshuffle(x, kept);
}

Rule::Condition holds_integers(Variable x) {
  return [x = std::move(x)](const Match& match) { return is_integer(match(x).dtype()); };
}

Rule::Condition hold_floats(std::vector<Variable> list) {
  return [list = std::move(list)](const Match& match) {
    return std::ranges::all_of(list, [&](const Variable& x) { return is_floating(match(x).dtype()); });
  };
}

Rule::Condition never_zero(Variable x) {
  return [x = std::move(x)](const Match& match) { return is_never_zero(match(x)); };
}

bool is_never_zero(const Variable& value) {
  Variable x = value;
  while (op_of<DimShuffle>(x) || op_of<Reshape>(x) || op_of<BroadcastTo>(x) || op_of<StridedSlice>(x) ||
         op_of<Gather>(x))
    x = operand(x);
  const ElementwiseDefinition* definition = x.owner() ? elementwise_definition(*x.owner()->op) : nullptr;
  return (definition && definition->never_zero) || op_of<Softmax>(x);
}

}  // namespace theon

#include "optimizer/pattern.h"
#include "optimizer/rules/parts.h"
#include "optimizer/rules/rules.h"
#include "src/graph/traversal.h"
#include "src/ops/elementwise.h"
#include "src/ops/index.h"
#include "src/ops/reduce.h"

#include <algorithm>
#include <span>

namespace theon {

namespace {

bool is_zero(const Variable& x) {
  Variable value = x;
  while (is_op(value, "full") || is_op(value, "broadcast_to") || is_op(value, "cast")) value = operand(value);
  const Constant* constant = as_constant(value);
  const auto number = constant ? constant->uniform() : std::nullopt;
  return number && number->item<double>() == 0;
}

/// The same elements of `y` as a scatter into zeros writes to; empty for any other node.
Variable gathered_like(const Apply& scatter, const Variable& y) {
  const auto* op = dynamic_cast<const Scatter*>(scatter.op.get());
  if (!op || !is_zero(scatter.inputs[0]) || op->layout().axes.empty()) return {};
  const std::vector<Variable> arrays(
      scatter.inputs.begin() + 2, scatter.inputs.begin() + 2 + static_cast<std::ptrdiff_t>(op->layout().axes.size()));
  const bool is_plain = std::ranges::all_of(
      op->slices(), [](const AxisSlice& slice) { return slice.start == Dim(0) && slice.step == 1; });
  return is_plain && y.dims() == scatter.types[0].dims ? gather(y, arrays, op->layout(), scatter.where) : Variable();
}

bool same_expression(const Variable& a, const Variable& b) {
  if (same(a, b)) return true;
  const Apply *x = a.owner(), *y = b.owner();
  return x && y && a.index() == b.index() && x->op->equals(*y->op) &&
         std::ranges::equal(x->inputs, y->inputs, VariableSame());
}

/// How deep quotients are looked into: it bounds the work, and the stack.
constexpr int most_depth = 8;

Variable without_divisor(const Variable& x, const Variable& y, int depth);

/// x * y of a product, where a factor divides by y.
Variable product_without_divisor(const Variable& x, const Variable& y, int depth) {
  std::vector<Variable> list = factors(x);
  for (Variable& factor : list)
    if (const Variable whole = without_divisor(factor, y, depth); !whole.is_empty()) {
      factor = whole;
      return product(list);
    }
  return {};
}

Variable quotient_without_divisor(const Variable& x, const Variable& y, int depth) {
  std::vector<Variable> divisors = factors(operand(x, 1));
  const auto found =
      std::ranges::find_if(divisors, [&](const Variable& divisor) { return same_expression(divisor, y); });
  if (found == divisors.end()) {
    const Variable above = without_divisor(operand(x), y, depth);
    return above.is_empty() ? above : above / operand(x, 1);
  }
  divisors.erase(found);
  return divisors.empty() ? operand(x) : operand(x) / product(divisors);
}

/// A scatter of quotients by the elements of `y` that it writes to.
Variable scatter_without_divisor(const Variable& x, const Variable& y, int depth) {
  const Variable picked = gathered_like(*x.owner(), y);
  const Variable value = picked.is_empty() ? Variable() : without_divisor(operand(x, 1), picked, depth);
  if (value.is_empty()) return {};
  std::vector<Variable> inputs = x.owner()->input_list();
  inputs[1] = fit(value, operand(x, 1).type(), x.where());
  return rebuild(*x.owner(), std::move(inputs))[0];
}

/// x * y, where x is a quotient by y: in a negation, a product or a scatter too. Empty where it is none.
Variable without_divisor(const Variable& x, const Variable& y, int depth = most_depth) {
  if (depth == 0) return {};
  if (is_elementwise(x, "neg")) {
    const Variable positive = without_divisor(operand(x), y, depth - 1);
    return positive.is_empty() ? positive : -positive;
  }
  if (is_elementwise(x, "div")) return quotient_without_divisor(x, y, depth - 1);
  if (is_elementwise(x, "mul")) return product_without_divisor(x, y, depth - 1);
  if (op_of<Scatter>(x)) return scatter_without_divisor(x, y, depth - 1);
  return {};
}

/// (a / y + b) * y is a + b * y: a sum of which some terms divide by y.
Variable distributed(const Variable& sum, const Variable& y) {
  std::vector<Variable> whole, rest;
  for (const Variable& term : terms(sum)) {
    const Variable product = without_divisor(term, y);
    (product.is_empty() ? rest : whole).push_back(product.is_empty() ? term : product);
  }
  if (whole.empty()) return {};
  if (!rest.empty()) whole.push_back(total(rest) * y);
  return total(whole);
}

/// One factor multiplied into another that divides by it. Each pair is looked at, so a very wide product is left alone.
Variable cancelled(const Variable& whole) {
  const std::vector<Variable> list = factors(whole);
  if (list.size() > 32) return {};
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!is_never_zero(list[i])) continue;
    for (std::size_t k = 0; k < list.size(); ++k) {
      const Variable merged = k == i ? Variable() : distributed(list[k], list[i]);
      if (merged.is_empty()) continue;
      std::vector<Variable> rest = list;
      rest[k] = merged;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      return product(rest);
    }
  }
  return {};
}

/// The sum of a choice between `x` and 0 as a choice between the sum of `x` and 0, where the condition is the same
/// along the axes of the sum.
Variable choice_of_sums(const Variable& condition, const Variable& x, const Variable& whole) {
  const Variable& choice = operand(whole);
  const std::vector<int>& axes = op_of<Reduce>(whole)->axes();
  if (x.dims() != choice.dims() || !is_constant_along(condition, x.dims(), axes)) return {};
  const Variable c = without_axes(condition, x.ndim(), axes), total = reduce(Reduction::sum, x, axes, whole.where());
  return same(x, operand(choice, 1)) ? where(c, total, 0) : where(c, 0, total);
}

}  // namespace

std::vector<Rule> cancellation_rules() {
  const Variable x = any("x"), y = any("y"), z = any("z"), c = any("c");
  const AnyOp sum_of("sum");
  return of_class(RuleClass::stabilising,
                  {
                      {y / y, 1, never_zero(y)},
                      {x * y / y, x, never_zero(y)},
                      {y / (y * z), 1 / z, never_zero(y)},
                      {x * y / (y * z), x / z, never_zero(y)},
                      {x / (y / z) / z, x / y},
                      {x / z / (y / z), x / y},
                      {(x / (y / z) - c / (y / z)) / z, (x - c) / y},
                      Rule(x * y, "x without its division by y", [](const Match& m) { return cancelled(m.whole()); })
                          .tested_on((x / y + z) * y),

                      // A branch that is not taken is 0, also times infinity.
                      {where(c, x, 0) * y, where(c, x * y, 0)},
                      {where(c, 0, x) * y, where(c, 0, x * y)},
                      {where(c, x, 0) / y, where(c, x / y, 0)},
                      {where(c, 0, x) / y, where(c, 0, x / y)},
                      {sum_of(where(c, x, 0)), "where(c, sum(x), 0)",
                       [=](const Match& m) { return choice_of_sums(m(c), m(x), m.whole()); }},
                      {sum_of(where(c, 0, x)), "where(c, 0, sum(x))",
                       [=](const Match& m) { return choice_of_sums(m(c), m(x), m.whole()); }},
                  });
}

}  // namespace theon

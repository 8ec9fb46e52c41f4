#include "optimizer/rules/parts.h"

#include "src/ops/elementwise.h"
#include "src/ops/index.h"
#include "src/ops/neural.h"
#include "src/ops/shape.h"

#include <utility>

namespace theon {

std::vector<Rule> of_class(RuleClass rule_class, std::vector<Rule> rules) {
  for (Rule& rule : rules) rule = rule.as(rule_class);
  return rules;
}

bool is_op(const Variable& x, std::string_view name) { return x.owner() && x.owner()->op->name() == name; }

const Variable& operand(const Variable& x, std::size_t k) { return x.owner()->inputs[k]; }

std::vector<Variable> factors(const Variable& x) { return is_elementwise(x, "mul") ? x.owner()->inputs : std::vector{x}; }
std::vector<Variable> terms(const Variable& x) { return is_elementwise(x, "add") ? x.owner()->inputs : std::vector{x}; }

Variable product(const std::vector<Variable>& factors) {
  if (factors.size() == 1) return factors[0];
  return elementwise("mul", std::vector<Operand>(factors.begin(), factors.end()), factors[0].where());
}

Variable total(const std::vector<Variable>& terms) { return add_n(terms, terms.at(0).where()); }

Rule::Condition holds_integers(Variable x) {
  return [x = std::move(x)](const Match& match) { return is_integer(match(x).dtype()); };
}

Rule::Condition never_zero(Variable x) {
  return [x = std::move(x)](const Match& match) { return is_never_zero(match(x)); };
}

bool is_never_zero(const Variable& value) {
  Variable x = value;
  while (op_of<DimShuffle>(x) || op_of<Reshape>(x) || op_of<BroadcastTo>(x) || op_of<StridedSlice>(x) || op_of<Gather>(x)) x = operand(x);
  const ElementwiseDefinition* definition = x.owner() ? elementwise_definition(*x.owner()->op) : nullptr;
  return (definition && definition->never_zero) || op_of<Softmax>(x);
}

}  // namespace theon

#include "optimizer/check_rule.h"

#include "optimizer/agree.h"
#include "optimizer/instances.h"
#include "src/reference/evaluate.h"
#include "src/support/check.h"

#include <string>

namespace theon {

namespace {

std::string text(const std::vector<std::pair<Variable, Tensor>>& arguments) {
  std::string list;
  for (const auto& [x, value] : arguments)
    list += fmt::format("\n  {} = {} {}", x.name(), name(value.dtype()), to_string(value));
  return list;
}

}  // namespace

void check_rule(const Rule& rule) {
  const Missing missing = rule.rule_class() == RuleClass::finite_only ? Missing::improved : Missing::equal;
  for (const Instance& instance : instances(rule, Numbers::moderate, 8, 1)) {
    const std::vector<Tensor> sides = reference::evaluate({instance.left, instance.right}, instance.arguments);
    if (!agree(sides[0], sides[1], missing))
      fail<ArgumentError>(rule.from().where(), "rule {}: the sides differ: {} is not {} for{}", rule.name(),
                          to_string(sides[0]), to_string(sides[1]), text(instance.arguments));
  }
}

}  // namespace theon

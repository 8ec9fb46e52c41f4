#include "optimizer/rules/parts.h"
#include "optimizer/rules/rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace theon {

namespace {

/// The quotient by a power of two is the product with its inverse, bit by bit, unless the inverse is no normal number.
Variable times_inverse(const Variable& x, const Variable& divisor) {
  const Constant* constant = as_constant(divisor);
  const auto number = constant ? constant->uniform() : std::nullopt;
  if (!number || size_of(number->dtype()) < 4) return {};
  int exponent = 0;
  const bool is_power = std::frexp(std::abs(number->item<double>()), &exponent) == 0.5;
  const int most = number->dtype() == DType::float64 ? 1000 : 120;
  return is_power && std::abs(exponent) < most ? x * (1 / number->item<double>()) : Variable();
}

/// Whether it is a number of moderate size: what it is taken out of neither overflows nor underflows.
bool is_moderate(const Variable& x) {
  const Constant* constant = as_constant(x);
  const auto number = constant && is_floating(constant->value.dtype()) ? constant->uniform() : std::nullopt;
  const double size = number ? std::abs(number->item<double>()) : 0;
  return size >= 1e-3 && size <= 1e3;
}

Rule::Condition are_numbers(std::vector<Variable> list) {
  return [list = std::move(list)](const Match& match) {
    return std::ranges::all_of(list, [&](const Variable& x) { return is_moderate(match(x)); });
  };
}

}  // namespace

std::vector<Rule> algebra_rules() {
  const Variable x = any("x"), y = any("y"), z = any("z"), c = any("c");
  std::vector<Rule> rules = of_class(
      RuleClass::exact,
      {
          {x / 1, x},
          Rule(x / y, "x * (1 / y)", [=](const Match& m) { return times_inverse(m(x), m(y)); }).tested_on(x / 4),
          {pow(x, 0), 1},
          {x * 0, 0, holds_integers(x)},
          {x - x, 0, holds_integers(x)},
          {abs(abs(x)), abs(x)},
          {abs(-x), abs(x), hold_floats({x})},
          {abs(x) * abs(x), x * x},
          {abs(exp(x)), exp(x)},
          {abs(sigmoid(x)), sigmoid(x)},
          {maximum(x, x), x},
          {minimum(x, x), x},
          {maximum(maximum(x, y), y), maximum(x, y)},
          {minimum(minimum(x, y), y), minimum(x, y)},
          {-maximum(-x, -y), minimum(x, y), hold_floats({x, y})},
          {-minimum(-x, -y), maximum(x, y), hold_floats({x, y})},
          {floor(floor(x)), floor(x)},
          {ceil(ceil(x)), ceil(x)},
          {round(round(x)), round(x)},
          {where(c, x, x), x},
          {where(1, x, y), x},
          {where(0, x, y), y},
          {where(~c, x, y), where(c, y, x)},
          {where(c, where(c, x, y), z), where(c, x, z)},
          {where(c, x, where(c, y, z)), where(c, x, z)},
          {~~x, x},
          {x & x, x},
          {x | x, x},
          {x == x, 1, holds_integers(x)},
          {x != x, 0, holds_integers(x)},
          {x < x, 0},
          {x > x, 0},
      });
  for (const Rule& rule :
       of_class(RuleClass::rounding, {
                                         {x + 0, x},
                                         {x * y + x * z, x * (y + z)},
                                         {pow(x, -1), 1 / x},
                                         {1 / (1 / x), x},
                                         {1 / (x / y), y / x},
                                         {x / (1 / y), x * y},
                                         {x * (1 / y), x / y},
                                         Rule(x / (c * y), 1 / c * (x / y), are_numbers({c})).tested_on(x / (3 * y)),
                                         Rule(x / (y / c), c * (x / y), are_numbers({c})).tested_on(x / (y / 3)),
                                         Rule(c * x / y, c * (x / y), are_numbers({c})).tested_on(3 * x / y),
                                         Rule(c * (x / y), c * x / y, are_numbers({c, x})).tested_on(3 * (2 / y)),
                                     }))
    rules.push_back(rule);
  return rules;
}

std::vector<Rule> finite_only_rules() {
  const Variable x = any("x"), y = any("y"), z = any("z");
  return of_class(RuleClass::finite_only, {
                                              {x * 0, 0},
                                              {x - x, 0},
                                              {x * y / x, y},
                                              {0 / x, 0},
                                              {x / x, 1},
                                              {x / y + z / y, (x + z) / y},
                                              {x / y - z / y, (x - z) / y},
                                              {x / sqrt(x), sqrt(x)},
                                              {exp(log(x)), x},
                                              {expm1(log1p(x)), x},
                                              {sqrt(x) * sqrt(x), x},
                                              {pow(x, 0.5), sqrt(x)},
                                              {x == x, 1},
                                              {x != x, 0},
                                              {isnan(x), 0},
                                          });
}

}  // namespace theon

#include "src/ops/effect.h"

#include "src/ops/elementwise.h"
#include "src/support/check.h"

#include <memory>

namespace theon {

Signature Check::infer(std::span<const Variable> inputs, Location) const {
  THEON_CHECK(is_boolean(inputs[1].dtype()) && inputs[1].ndim() == 0);
  return {{inputs[0].type()}};
}

std::vector<ir::Expr> Check::element(const ElementContext& context, std::span<const ir::Expr> indices) const {
  return {context.load(0, indices)};
}

std::vector<Variable> Check::pullback(const Apply&, std::span<const Variable> cotangents) const {
  return {cotangents[0], Variable()};
}
std::vector<Variable> Check::pushforward(const Apply&, std::span<const Variable> tangents) const {
  return {tangents[0]};
}

Variable check(Operand x, Operand condition, std::string message) {
  const Attribution line(x.where());
  return apply(std::make_shared<const Check>(std::move(message)), {x.value(), all(condition)}, x.where());
}

}  // namespace theon

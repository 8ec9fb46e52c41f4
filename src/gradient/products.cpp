// Products with Jacobians and Hessians, which are never formed.
#include <theon/gradient.h>

#include "src/gradient/direction.h"

namespace theon {

Variable vjp(const Variable& y, const Variable& x, const Variable& u, Location where) {
  require_differentiable("vjp", y, where);
  return grad({}, std::vector{x}, {.known_grads = {{y, u}}, .disconnected = Disconnected::zero}, where)[0];
}

Variable hvp(const Variable& cost, const Variable& x, const Variable& v, Location where) {
  return jvp(grad(cost, std::vector{x}, {}, where)[0], x, v, where);
}

}  // namespace theon

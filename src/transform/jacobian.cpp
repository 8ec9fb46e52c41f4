// Whole Jacobians: a loop over the elements of what is differentiated, one reverse sweep each.
#include <theon/control.h>
#include <theon/gradient.h>

#include "src/gradient/direction.h"
#include "src/ops/shape.h"

namespace theon {

namespace {

/// 1 for element number `element`, in row-major order, 0 for the others.
Variable unit(const Variable& y, const Variable& element) {
  const Variable elements = arange(number_of_elements(y.dims()));
  return reshape(cast(elements == element, y.dtype()), y.dims());
}

}  // namespace

Variable jacobian(const Variable& y, const Variable& x, Location where) {
  require_differentiable("jacobian", y, where);
  require_differentiable("jacobian", x, where);
  if (y.ndim() == 0) return grad(y, std::vector{x}, {.disconnected = Disconnected::zero}, where)[0];
  const Attribution line(where);
  const Variable elements = arange(number_of_elements(y.dims()));
  const auto row = [&](const Variable& element) { return Step{.emit = {vjp(y, x, unit(y, element), where)}}; };
  const Variable rows = scan({.over = {elements}, .name = "jacobian"}, row, where).outputs[0];
  Shape dims = y.dims();
  dims.insert(dims.end(), x.dims().begin(), x.dims().end());
  return reshape(rows, dims);
}

Variable hessian(const Variable& cost, const Variable& x, Location where) {
  return jacobian(grad(cost, std::vector{x}, {}, where)[0], x, where);
}

}  // namespace theon

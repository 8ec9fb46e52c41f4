#include "src/gradient/direction.h"

#include "src/graph/print.h"
#include "src/graph/specify.h"
#include "src/ops/elementwise.h"
#include "src/support/check.h"

#include <cstddef>

namespace theon {

std::string described(const Variable& x) {
  return fmt::format("{}, {}, {}", brief(x), to_string(x.type()), to_string(x.where()));
}

void require_differentiable(std::string_view asked, const Variable& x, Location where) {
  if (x.is_empty()) fail<ArgumentError>(where, "{}: an argument is an empty Variable", asked);
  if (!is_floating(x.dtype()))
    fail<GradientError>(where, "{}: {} is {}; derivatives exist for floating variables only ({})", asked, brief(x),
                        name(x.dtype()), described(x));
}

Variable fitted_direction(std::string_view asked, const Variable& direction, const Variable& x, Location where) {
  require_differentiable(asked, direction, where);
  if (!may_be_equal(direction.dims(), x.dims()))
    fail<GradientError>(where, "{}: the direction {} is {}, but what it belongs to is {} ({}); both need one shape",
                        asked, brief(direction), to_string(direction.dims()), to_string(x.dims()), described(x));
  return specify_dims(cast_to(direction, x.dtype(), where), x.dims(), where);
}

}  // namespace theon

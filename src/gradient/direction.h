// Cotangents and tangents that users hand in.
#pragma once

#include <theon/variable.h>

#include <string_view>

namespace theon {

/// `direction`, a cotangent or tangent of `x`, in x's dtype and dims. `asked` is the function the user called. Throws
/// GradientError where it is not floating or its shape cannot be x's; where that cannot be seen it is an obligation.
Variable fitted_direction(std::string_view asked, const Variable& direction, const Variable& x, Location where);

/// Throws GradientError for an `x` that derivatives of `asked` cannot be taken with respect to: an empty or not
/// floating one.
void require_differentiable(std::string_view asked, const Variable& x, Location where);

/// `x` as errors speak of it: "w, float32 [784, 10], mlp.cpp:12".
std::string described(const Variable& x);

}  // namespace theon

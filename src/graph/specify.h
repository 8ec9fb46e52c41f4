// A value of declared sizes.
#pragma once

#include <theon/variable.h>

namespace theon {

/// Whether nothing known about the dims says that they differ.
bool may_be_equal(const Shape& a, const Shape& b);

/// `x`, typed with `dims`; where equality of its own dims cannot be seen it is an obligation. Throws ShapeError where
/// they cannot be equal.
Variable specify_dims(const Variable& x, const Shape& dims, Location where);

}  // namespace theon

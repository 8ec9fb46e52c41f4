// When two computations of one value agree.
#pragma once

#include <theon/tensor.h>

namespace theon {

/// Half of the digits of the dtype: rounding differs from one spelling to another, mathematics does not. 0 for
/// integers.
double tolerance(DType dtype);

enum class Missing : std::uint8_t {
  equal,     // NaN, and infinities, must stand at the same places
  improved,  // where the first has none of them there must be none; elsewhere anything goes
};

/// Whether the elements of `after` are those of `before`, up to the tolerance.
bool agree(const Tensor& before, const Tensor& after, Missing missing);

}  // namespace theon

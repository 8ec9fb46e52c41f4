// Monoids of more than one component that several parts of the house know.
#pragma once

#include "src/ir/element.h"

namespace theon::ir {

/// (value, int64 index) pairs: the larger value stays, then the smaller index. A NaN is larger than every number.
const Monoid* first_maximum(Pool& pool, DType dtype);

}  // namespace theon::ir

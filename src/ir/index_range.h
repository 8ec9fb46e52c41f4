// Whether int64 expressions can be computed without overflow.
#pragma once

#include "src/ir/element.h"
#include "src/ir/interval.h"
#include "src/ir/polynomial.h"

#include <optional>

namespace theon::ir {

/// Where the value of a new int64 node lies if every unknown size is 1; no ends where it may be anything. Sizes are
/// assumed to be small enough for the indices of arrays to be computed, so what has ends here does not overflow:
/// overflow comes from numbers and from data.
Interval range_of_node(const Node& node);

/// The values of a dtype, where int64 holds them all.
std::optional<Interval> range_of(DType dtype);

/// The same range for a polynomial.
Interval range_of(const Polynomial<Expr>& polynomial);

}  // namespace theon::ir

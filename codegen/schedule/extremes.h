// Reductions to the largest or smallest value in a form that vectors are fast at.
#pragma once

#include "codegen/partition/partition.h"
#include "codegen/schedule/schedule.h"

namespace theon::codegen {

/// The works with largest and smallest floating values reduced as integers, where the machine compares vectors of
/// these. That a NaN wins and -0 is less than 0 costs floating vectors several instructions an element; down columns
/// that is still less than three running results, with AVX-512. Along a row the place of the largest value is looked
/// for when the value is known.
std::vector<Work> with_fast_extremes(std::span<const Work> works, ir::Pool& pool, const Machine& machine);

/// The element with the place of a largest value found by two comparisons, in 32 bits where these suffice. Only for a
/// loop that meets values in the order of their places, and at least one of them.
ir::Expr with_places_in_order(ir::Expr element);

}  // namespace theon::codegen

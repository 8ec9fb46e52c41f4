// The order of terms that rules descend, and what a node costs.
#pragma once

#include "src/graph/op.h"

namespace theon {

/// Whether `a` is smaller than `b` in the order of Knuth and Bendix (1970): no leaf occurs more often in a than in b, and
/// a weighs less, or as much and has the smaller op at the root, or the same op and the smaller first operand that differs.
/// A rewriting that goes from larger to smaller terms comes to an end. The weight of an op is about what one element of it
/// costs; of equal weight, reductions are larger than elementwise ops, and those larger than ops that only move elements:
/// numbers are moved and summed as late, and computed as early, as possible.
bool precedes(const Variable& a, const Variable& b);

/// About how many elementary operations the node takes; a size that is not known counts as 64.
double work(const Apply& node);

}  // namespace theon

// The order of terms that rules descend, and what a node costs.
#pragma once

#include "src/graph/op.h"

namespace theon {

/// Whether `a` is the smaller term: it weighs less, or as much and is smaller in the lexicographic path order (Kamin
/// and Levy 1980, Dershowitz 1982); and no leaf occurs in it more often than in b. A rewriting from larger to smaller
/// terms ends.
///
/// The weight of an op is about what one element of it costs; a reduction weighs more with each of its axes. Among ops,
/// numbers are smallest, then repetitions and selections, elementwise ops, matrix products, dimshuffles, and
/// reductions: so repetitions move outwards, where less is computed, and axes are shuffled below elementwise ops but
/// above reductions, where sums and products meet.
bool precedes(const Variable& a, const Variable& b);

/// About how many elementary operations the node takes; a size that is not known counts as 64.
double work(const Apply& node);

}  // namespace theon

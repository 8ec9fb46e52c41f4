// A rule against numbers.
#pragma once

#include <theon/rules.h>

namespace theon {

/// Compares the two sides of random instances of the rule, evaluated as they stand. Throws ArgumentError with the
/// values where they differ by more than half of the digits. A rule whose condition holds for no instance passes.
void check_rule(const Rule& rule);

}  // namespace theon

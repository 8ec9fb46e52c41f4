// Graphs that a rule applies to, made from the rule itself.
#pragma once

#include <theon/rules.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace theon {

/// What the numbers of an instance are like.
enum class Numbers : std::uint8_t {
  moderate,  // -4 to 4
  wide,      // of every magnitude up to 1e4, both signs, and small integers
  special,   // zeros of both signs, infinities, NaN, the largest, the smallest
};

/// An expression that the left side of a rule matches, what the rule makes of it, and values for its inputs.
struct Instance {
  Variable left, right;
  std::vector<std::pair<Variable, Tensor>> arguments;
};

/// Instances with leaves of random dtypes and shapes: up to `count`, fewer where a condition rarely holds. The same for
/// the same seed.
std::vector<Instance> instances(const Rule& rule, Numbers numbers, int count, std::uint64_t seed);

}  // namespace theon

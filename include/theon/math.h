// How exact mathematical functions are.
#pragma once

#include <cstdint>

namespace theon {

/// Strict: quotients and roots are rounded once, exp, log, sin and their kin to one or two units in the last place, and
/// subnormal numbers count. docs/promises say how far each is off.
///
/// Fast: within four units in the last place, in fewer operations, where operands and results are normal numbers and
/// divisors are not within a factor of four of the ends of their range. Subnormal numbers may be taken for 0, quotients
/// are products with the reciprocal, which several share. NaN and infinities are as ever.
enum class Math : std::uint8_t { strict, fast };

}  // namespace theon

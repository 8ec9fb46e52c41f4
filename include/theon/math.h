// How exact mathematical functions are.
#pragma once

#include <cstdint>

namespace theon {

/// Strict: quotients and roots are rounded once, but for quotients by square roots that divide often; exp, log, sin and
/// their kin are good to one or two units in the last place (tanh and the sigmoid to two and a half); subnormal numbers
/// count.
///
/// Fast: within four units in the last place, in fewer operations, where operands and results are normal numbers and
/// divisors are not within a factor of four of the ends of their range. Subnormal numbers may be taken for 0, quotients
/// are products with the reciprocal, which several share. NaN and infinities are as ever.
enum class Math : std::uint8_t { strict, fast };

}  // namespace theon

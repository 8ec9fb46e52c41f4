// Expressions of arguments evaluated at many points, and the distance of the results from the truth.
#pragma once

#include "src/ir/element.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace theon::test {

using Bits = std::vector<std::uint64_t>;

/// The bits of `expr` where argument k has the bits `arguments[k][i]` at point i. Operation by operation over blocks of points: the code under test has no
/// loops, loads or indices.
Bits evaluated(ir::Expr expr, std::span<const Bits> arguments);

/// The expression as a target sees it that fuses every product of one use with the sum it enters.
ir::Expr contracted(ir::Expr expr);

inline double to_double(DType dtype, std::uint64_t bits) {
  return dtype == DType::float32 ? std::bit_cast<float>(static_cast<std::uint32_t>(bits)) : std::bit_cast<double>(bits);
}
inline std::uint64_t to_bits(DType dtype, double value) {
  return dtype == DType::float32 ? std::bit_cast<std::uint32_t>(static_cast<float>(value)) : std::bit_cast<std::uint64_t>(value);
}

/// How far `actual` is from `exact`, in units in the last place of `exact` in the dtype. Infinite where one is NaN and the other is not, or one is infinite and the
/// other does not round to it, or where the sign of a zero is wrong.
double units_off(DType dtype, double actual, long double exact);

}  // namespace theon::test

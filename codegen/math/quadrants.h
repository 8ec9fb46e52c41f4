// The argument reduction of sin and cos.
#pragma once

#include "src/ir/element.h"

namespace theon::codegen::math {

/// x = n pi/2 + angle with |angle| <= pi/4 up to rounding; n stands in the lowest bits of `quadrant`.
struct Rounded {
  ir::Expr angle;
  ir::Expr quadrant;
};

/// For 0 <= x < near_bound(x): pi/2 in three parts, after W. J. Cody and W. Waite, Software Manual for the Elementary
/// Functions (1980). The angle is off by hardly more than half a unit in its last place.
Rounded reduce_near(ir::Expr x);
double near_bound(ir::Expr x);

/// x = n pi/2 + angle - twice_rest / 2 with |angle| <= pi/4 up to rounding; n stands in the lowest bits of `quadrant`.
struct Reduced {
  ir::Expr angle;
  ir::Expr twice_rest;
  ir::Expr quadrant;
};

/// For |x| of at least a quarter turn, to all bits; angle and rest are NaN for infinity and NaN.
///
/// x / 2 pi is multiplied out and whole turns are dropped on the way, after M. Payne and R. Hanek, Radian Reduction for
/// Trigonometric Functions (1983): float32 about 45 operations, float64 about 140.
Reduced reduce_far(ir::Expr x);

}  // namespace theon::codegen::math

// The argument reduction of sin and cos.
#pragma once

#include "src/ir/element.h"

namespace theon::codegen::math {

/// x = n pi/2 + angle - twice_rest / 2 with |angle| <= pi/4 up to rounding; n stands in the lowest bits of `quadrant`.
struct Reduced {
  ir::Expr angle;
  ir::Expr twice_rest;
  ir::Expr quadrant;
};

/// For all x, to all bits; angle and rest are NaN for infinity and NaN.
///
/// Near zero, r = x - n pi/2 with pi/2 in three parts, after W. J. Cody and W. Waite, Software Manual for the
/// Elementary Functions (1980). Far away, x / 2 pi is multiplied out and whole turns are dropped on the way, after M.
/// Payne and R. Hanek, Radian Reduction for Trigonometric Functions (1983). Lanes cannot branch one by one, so both are
/// computed and selected between. The far reduction is most of the work (float32 about 45 operations, float64 about
/// 140) and hangs on three selects of one condition, so an emitter may jump over it where no lane is far.
Reduced reduce_to_quadrant(ir::Expr x);

}  // namespace theon::codegen::math

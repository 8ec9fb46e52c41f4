// The numerical part of pow.
#pragma once

#include "src/ir/element.h"

namespace theon::codegen::math {

/// base^exponent for a base >= 0 and a finite exponent, |exponent| <= 2^66; of 0 and infinity too, where the exponent
/// is not 0. NaN for NaN. float32 computes in float64. float64 has the logarithm to about 64 bits, so that its product
/// with the exponent is exact enough.
ir::Expr power_of_magnitude(ir::Expr base, ir::Expr exponent);

}  // namespace theon::codegen::math

// Sums of two floating-point numbers, for about twice the digits.
#pragma once

#include "src/ir/element.h"

namespace theon::codegen::math {

/// high + low, with |low| at most half a unit in the last place of `high` unless said otherwise.
struct Extended {
  ir::Expr high;
  ir::Expr low;
};

/// a + b exactly (D. E. Knuth, The Art of Computer Programming, volume 2, theorem 4.2.2 B).
Extended two_sum(ir::Expr a, ir::Expr b);
/// The same where |a| >= |b| or a is 0 (T. J. Dekker, 1971).
Extended fast_two_sum(ir::Expr a, ir::Expr b);
/// a * b exactly.
Extended two_product(ir::Expr a, ir::Expr b);

}  // namespace theon::codegen::math

#include "codegen/math/extended.h"

namespace theon::codegen::math {

Extended two_sum(ir::Expr a, ir::Expr b) {
  const ir::Expr sum = a + b;
  const ir::Expr b_in_sum = sum - a;
  return {sum, (a - (sum - b_in_sum)) + (b - b_in_sum)};
}

Extended fast_two_sum(ir::Expr a, ir::Expr b) {
  const ir::Expr sum = a + b;
  return {sum, b - (sum - a)};
}

Extended two_product(ir::Expr a, ir::Expr b) {
  const ir::Expr product = a * b;
  return {product, fma(a, b, -product)};
}

}  // namespace theon::codegen::math

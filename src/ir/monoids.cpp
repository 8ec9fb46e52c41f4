#include "src/ir/monoids.h"

#include <limits>

namespace theon::ir {

namespace {

Expr lowest(Pool& pool, DType dtype) {
  if (is_floating(dtype)) return pool.literal(dtype, -std::numeric_limits<double>::infinity());
  if (is_unsigned(dtype) || is_boolean(dtype)) return pool.literal(dtype, std::int64_t{0});
  return pool.literal(dtype, std::numeric_limits<std::int64_t>::min() >> (64 - 8 * size_of(dtype)));
}

}  // namespace

const Monoid* first_maximum(Pool& pool, DType dtype) {
  const Expr a = pool.argument(0, dtype), i = pool.argument(1, DType::int64);
  const Expr b = pool.argument(2, dtype), j = pool.argument(3, DType::int64);
  const Expr a_nan = a != a, b_nan = b != b;
  const Expr larger = (b < a) | (a_nan & ~b_nan);
  const Expr tie = (a == b) | (a_nan & b_nan);
  const Expr stays = larger | (tie & (i < j));
  return pool.monoid({.name = "first maximum",
                      .identity = {lowest(pool, dtype), pool.literal(std::numeric_limits<std::int64_t>::max())},
                      .combine = {select(stays, a, b), select(stays, i, j)}});
}

}  // namespace theon::ir

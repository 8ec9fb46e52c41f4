// The one spelling of sums, products, quotients and signs.
#pragma once

#include "optimizer/facts.h"
#include "optimizer/intern.h"

namespace theon {

/// `x`, an operation whose operands are in canonical form, in canonical form; `x` itself where it is that already.
///
/// - `a - b` is `a + -b`. Sums and products are flat: an operand that is itself an unshared sum of the same dims is
/// spread out.
/// - Numbers among the operands are one number, the first operand; those whose combination would overflow or underflow
///   are the last operands.
/// - Signs stand outside of products and quotients: `a * -b` is `-(a * b)`, `-2 * a` is `-(2 * a)`, `--a` is `a`.
/// - A sum of negatives is the negative of a sum; like terms of one sign are one: `x + 2 * x` is `3 * x`.
/// - `x**1` is `x`, `x**2` is `x * x`, `x**3` is `x * x * x`.
/// - An elementwise operation on numbers is a number, and one on broadcasts is a broadcast.
///
/// Sums and products of floats may round differently.
Variable canonical(const Variable& x, Facts& facts, Interned& interned);

/// Whether the only user of `node`'s value spreads it out, so that it needs no canonical form of its own.
bool is_absorbed(const Apply& node, Facts& facts);

}  // namespace theon

// Index arithmetic: int64 expressions in the canonical form of polynomials.
#pragma once

#include "src/ir/store.h"

#include <span>

namespace theon::ir {

/// The polynomial that an int64 expression is; the expression itself as an atom where it is nothing better.
const IndexPolynomial& polynomial_of(NodeStore& store, Expr expr);

/// The canonical expression of a polynomial.
Expr expression_of(NodeStore& store, const IndexPolynomial& polynomial);

/// Whether the polynomial is small enough to be written: the cost of building an expression is bounded, whatever it is.
bool is_small(const IndexPolynomial& polynomial);

/// add, sub, mul or neg of int64 expressions as a polynomial; not valid where that would be very large.
IndexPolynomial ring_polynomial(NodeStore& store, Opcode op, std::span<const Expr> args);

/// The simplest expression for an operation whose operands are int64; null where there is none simpler than the
/// operation.
Expr simplify_index(NodeStore& store, Opcode op, std::span<const Expr> args);

}  // namespace theon::ir

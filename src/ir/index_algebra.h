// What is known about the values of index expressions.
#pragma once

#include "src/ir/bounds.h"
#include "src/ir/index_range.h"
#include "src/ir/quotient.h"
#include "src/ir/store.h"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace theon::ir {

/// The algebra of the int64 expressions that stand together in one place. An index that occurs there runs, so its
/// extent is at least 1.
class IndexAlgebra {
 public:
  using P = IndexPolynomial;
  using Facts = AtomFacts<Expr>;

  IndexAlgebra(NodeStore& store, std::span<const Expr> exprs);

  Facts facts(Expr atom) const;
  /// An expression comes after its operands, an index after its extent.
  std::uint64_t rank(Expr atom) const;
  P quotient(const P& numerator, const P& divisor) const { return atom(Opcode::floor_div, numerator, divisor); }
  P remainder(const P& numerator, const P& divisor) const { return atom(Opcode::mod, numerator, divisor); }
  /// Whether the value of p as it is computed, wrapping, is the number that p is.
  static bool is_exact(const P& p) { return p.is_constant() || p.single_atom() || range_of(p).is_bounded(); }
  static bool is_exact(Expr expr);

 private:
  P atom(Opcode op, const P& numerator, const P& divisor) const;
  Facts parts(Facts::Kind kind, std::span<const Expr> args) const;
  P extent(const Dim& dim) const;
  std::int64_t least(Expr parameter) const;
  void assume_at_least(const P& p, std::int64_t bound);
  void assume_at_least(Expr atom, std::int64_t bound);

  NodeStore& store_;
  std::vector<std::pair<Expr, std::int64_t>> least_;  // what parameters are at least, where that is not 0
};

using IndexProver = Prover<Expr, IndexAlgebra>;
using IndexDivider = Divider<Expr, IndexAlgebra>;

}  // namespace theon::ir

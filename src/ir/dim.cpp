#include <theon/dim.h>

#include "src/ir/dim_node.h"
#include "src/ir/interval.h"
#include "src/ir/quotient.h"
#include "src/support/check.h"
#include "src/support/hash.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace theon {

using detail::dim_of;
using detail::DimAtom;
using detail::DimAtomRef;
using detail::DimPolynomial;
using detail::polynomial_of;

namespace {

Dim dim_of_atom(DimAtom atom);

/// What the shared reasoning about polynomials needs to know of sizes. They are computed exactly or not at all.
struct DimAlgebra {
  using P = DimPolynomial;
  using Facts = ir::AtomFacts<DimAtomRef>;

  Facts facts(const DimAtomRef& atom) const {
    switch (atom->kind) {
      case DimAtom::Kind::symbol:
        return {.low = P(0)};
      case DimAtom::Kind::floor_div:
        return {.kind = Facts::Kind::quotient, .parts = parts(*atom)};
      case DimAtom::Kind::mod:
        return {.kind = Facts::Kind::remainder, .parts = parts(*atom)};
      case DimAtom::Kind::min:
        return {.kind = Facts::Kind::least, .parts = parts(*atom)};
      case DimAtom::Kind::max:
        return {.kind = Facts::Kind::greatest, .parts = parts(*atom)};
    }
    return {};
  }

  std::uint32_t rank(const DimAtomRef& atom) const { return atom->depth; }

  P quotient(const P& numerator, const P& divisor) const { return atom(DimAtom::Kind::floor_div, numerator, divisor); }
  P remainder(const P& numerator, const P& divisor) const { return atom(DimAtom::Kind::mod, numerator, divisor); }
  bool is_exact(const P&) const { return true; }

 private:
  static std::vector<P> parts(const DimAtom& atom) {
    std::vector<P> result;
    for (const Dim& arg : atom.args) result.push_back(polynomial_of(arg));
    return result;
  }

  static P atom(DimAtom::Kind kind, const P& numerator, const P& divisor) {
    if (numerator == P(0)) return 0;
    return polynomial_of(dim_of_atom({.kind = kind, .args = {dim_of(numerator), dim_of(divisor)}}));
  }
};

constexpr DimAlgebra dim_algebra;
using DimProver = ir::Prover<DimAtomRef, DimAlgebra>;
using DimDivider = ir::Divider<DimAtomRef, DimAlgebra>;

bool is_number(const Dim& dim, std::int64_t number) { return dim.is_known() && *dim.known() == number; }
bool is_negative(const Dim& dim) { return dim.is_known() && *dim.known() < 0; }

Dim dim_of_atom(DimAtom atom) {
  atom.hash = combine(static_cast<std::uint64_t>(atom.kind), atom.id);
  for (const Dim& arg : atom.args) {
    atom.hash = combine(atom.hash, arg.hash());
    if (!arg.node()) continue;
    atom.depth = std::max(atom.depth, arg.node()->depth + 1);
    atom.weight += arg.node()->weight;
  }
  return dim_of(DimPolynomial::of(std::make_shared<const DimAtom>(std::move(atom))));
}

}  // namespace

Dim symbol(std::string name, std::shared_ptr<const SymbolOrigin> origin, std::optional<SymbolId> id) {
  static std::atomic<SymbolId> next = 0;
  const SymbolId unique = id ? *id : next++;
  return dim_of_atom(
      {.kind = DimAtom::Kind::symbol, .id = unique, .name = std::move(name), .origin = std::move(origin)});
}

Dim dim(std::string name) { return symbol(std::move(name), nullptr); }

Dim operator+(const Dim& a, const Dim& b) {
  if (is_number(a, 0)) return b;
  if (is_number(b, 0)) return a;
  return dim_of(polynomial_of(a) + polynomial_of(b));
}

Dim operator-(const Dim& a, const Dim& b) {
  if (is_number(b, 0)) return a;
  return dim_of(polynomial_of(a) - polynomial_of(b));
}

Dim operator*(const Dim& a, const Dim& b) {
  if (is_number(a, 1)) return b;
  if (is_number(b, 1)) return a;
  return dim_of(polynomial_of(a) * polynomial_of(b));
}

Dim floor_div(const Dim& a, const Dim& b) {
  if (is_number(b, 0)) return 0;
  if (is_negative(b)) return floor_div(0 - a, 0 - b);
  return dim_of(DimDivider(dim_algebra).floor_div(polynomial_of(a), polynomial_of(b)));
}

Dim mod(const Dim& a, const Dim& b) {
  if (is_number(b, 0)) return 0;
  if (is_negative(b)) return 0 - mod(0 - a, 0 - b);
  return dim_of(DimDivider(dim_algebra).mod(polynomial_of(a), polynomial_of(b)));
}

namespace {

/// The least or the greatest of sizes.
class Extremum {
 public:
  explicit Extremum(DimAtom::Kind kind) : kind_(kind) {}

  void add(const Dim& dim) {
    if (const DimAtom* nested = same_kind(dim)) {
      for (const Dim& arg : nested->args) add(arg);
      return;
    }
    if (std::ranges::any_of(operands_, [&](const Dim& known) { return decides(known, dim); })) return;
    std::erase_if(operands_, [&](const Dim& known) { return decides(dim, known); });
    operands_.push_back(dim);
  }

  Dim take() {
    if (operands_.size() == 1) return operands_.front();
    std::ranges::sort(operands_, [](const Dim& a, const Dim& b) { return compare(a, b) < 0; });
    return dim_of_atom({.kind = kind_, .args = std::move(operands_)});
  }

 private:
  const DimAtom* same_kind(const Dim& dim) const {
    const DimAtomRef* atom = dim.node() ? dim.node()->polynomial.single_atom() : nullptr;
    return atom && (*atom)->kind == kind_ ? atom->get() : nullptr;
  }

  /// Whether `a` makes `b` superfluous.
  bool decides(const Dim& a, const Dim& b) const {
    return less_equal(kind_ == DimAtom::Kind::min ? a : b, kind_ == DimAtom::Kind::min ? b : a) == Answer::yes;
  }

  DimAtom::Kind kind_;
  std::vector<Dim> operands_;
};

Dim extremum(DimAtom::Kind kind, const Dim& a, const Dim& b) {
  Extremum result(kind);
  result.add(a);
  result.add(b);
  return result.take();
}

}  // namespace

Dim min(const Dim& a, const Dim& b) { return extremum(DimAtom::Kind::min, a, b); }
Dim max(const Dim& a, const Dim& b) { return extremum(DimAtom::Kind::max, a, b); }

Answer equal(const Dim& a, const Dim& b) {
  if (a == b) return Answer::yes;
  if (a.is_known() && b.is_known()) return Answer::no;
  DimProver prover(dim_algebra);
  const DimPolynomial difference = polynomial_of(a) - polynomial_of(b);
  return prover.is_positive(difference) || prover.is_positive(-difference) ? Answer::no : Answer::unknown;
}

Answer less_equal(const Dim& a, const Dim& b) {
  if (a.is_known() && b.is_known()) return *a.known() <= *b.known() ? Answer::yes : Answer::no;
  DimProver prover(dim_algebra);
  const DimPolynomial difference = polynomial_of(b) - polynomial_of(a);
  if (prover.is_nonnegative(difference)) return Answer::yes;
  return prover.is_positive(-difference) ? Answer::no : Answer::unknown;
}

ir::Interval bounds(const Dim& dim) { return ir::Ranger<DimAtomRef, DimAlgebra>(dim_algebra)(polynomial_of(dim)); }

}  // namespace theon

#include "src/ir/dim_node.h"

#include "src/support/check.h"
#include "src/support/hash.h"

#include <algorithm>
#include <unordered_map>

namespace theon {

namespace detail {

namespace {

// Far above what real programs write; they keep the recursions over sizes shallow and comparisons cheap.
constexpr std::uint32_t max_depth = 200;
constexpr std::uint32_t max_weight = 100'000;

DimNode node_of(DimPolynomial polynomial) {
  std::size_t hash = mix(static_cast<std::uint64_t>(polynomial.constant()));
  std::uint32_t depth = 0;
  std::uint32_t weight = 0;
  for (const DimPolynomial::Term& term : polynomial.terms()) {
    hash = combine(hash, static_cast<std::uint64_t>(term.coefficient));
    for (const DimAtomRef& atom : term.factors) {
      hash = combine(hash, atom->hash);
      depth = std::max(depth, atom->depth);
      weight = std::min(weight + atom->weight, max_weight + 1);
    }
  }
  return {std::move(polynomial), hash, depth, weight};
}

}  // namespace

std::strong_ordering compare(const DimAtomRef& a, const DimAtomRef& b) {
  if (a == b) return std::strong_ordering::equal;
  if (const auto by = a->kind <=> b->kind; by != 0) return by;
  if (a->kind == DimAtom::Kind::symbol) return a->id <=> b->id;
  if (const auto by = a->args.size() <=> b->args.size(); by != 0) return by;
  for (std::size_t i = 0; i < a->args.size(); ++i) {
    if (const auto by = compare(a->args[i], b->args[i]); by != 0) return by;
  }
  return std::strong_ordering::equal;
}

Dim dim_of(DimPolynomial polynomial) {
  if (!polynomial.valid())
    fail<ShapeError>(Location(), "a size does not fit 64 bits, or has too many terms to be kept exactly");
  if (polynomial.is_constant()) return polynomial.constant();
  DimNode node = node_of(std::move(polynomial));
  if (node.depth > max_depth || node.weight > max_weight) {
    fail<ShapeError>(Location(), "a size is written with {} terms, nested {} deep: too many to be kept exactly",
                     node.weight, node.depth);
  }
  return Dim(std::make_shared<const DimNode>(std::move(node)));
}

DimPolynomial polynomial_of(const Dim& dim) {
  return dim.node() ? dim.node()->polynomial : DimPolynomial(*dim.known());
}

}  // namespace detail

using detail::DimAtom;
using detail::DimAtomRef;
using detail::DimPolynomial;

std::strong_ordering compare(const Dim& a, const Dim& b) {
  if (a.is_known() && b.is_known()) return *a.known() <=> *b.known();
  if (a.is_known() || b.is_known()) return b.is_known() <=> a.is_known();
  if (a.node() == b.node()) return std::strong_ordering::equal;
  return compare(a.node()->polynomial, b.node()->polynomial);
}

bool operator==(const Dim& a, const Dim& b) {
  if (a.is_known() || b.is_known()) return a.is_known() && b.is_known() && a.value_ == b.value_;
  return a.node_ == b.node_ || (a.node_->hash == b.node_->hash && compare(a, b) == 0);
}

std::size_t Dim::hash() const { return node_ ? node_->hash : mix(static_cast<std::uint64_t>(value_)); }

namespace {

/// Null for a dim that is no symbol.
const DimAtom* symbol_atom(const Dim& dim) {
  const DimAtomRef* atom = dim.node() ? dim.node()->polynomial.single_atom() : nullptr;
  return atom && (*atom)->kind == DimAtom::Kind::symbol ? atom->get() : nullptr;
}

}  // namespace

std::optional<SymbolId> symbol_of(const Dim& dim) {
  const DimAtom* atom = symbol_atom(dim);
  return atom ? std::optional(atom->id) : std::nullopt;
}

const SymbolOrigin* origin_of(const Dim& dim) {
  const DimAtom* atom = symbol_atom(dim);
  return atom ? atom->origin.get() : nullptr;
}

namespace {

/// Calls visit(atom) for every different atom of `dims`, arguments of an atom before it.
template <class Visit>
class AtomWalk {
 public:
  explicit AtomWalk(Visit visit) : visit_(std::move(visit)) {}

  void operator()(const Dim& dim) {
    if (dim.is_known()) return;
    for (const DimPolynomial::Term& term : dim.node()->polynomial.terms()) {
      for (const DimAtomRef& atom : term.factors) enter(atom);
    }
  }

 private:
  void enter(const DimAtomRef& atom) {
    if (!seen_.insert(atom.get()).second) return;
    for (const Dim& arg : atom->args) (*this)(arg);
    visit_(atom);
  }

  Visit visit_;
  std::set<const DimAtom*> seen_;
};

/// Rebuilds Dims over other symbols, each atom once.
class Substitution {
 public:
  using Replacement = std::function<std::optional<Dim>(SymbolId)>;

  explicit Substitution(const Replacement& replacement) : replacement_(replacement) {}

  Dim operator()(const Dim& dim) {
    if (dim.is_known()) return dim;
    Dim sum = dim.node()->polynomial.constant();
    for (const DimPolynomial::Term& term : dim.node()->polynomial.terms()) {
      Dim product = term.coefficient;
      for (const DimAtomRef& atom : term.factors) product = product * replaced(atom);
      sum = sum + product;
    }
    return sum;
  }

 private:
  const Dim& replaced(const DimAtomRef& atom) {
    const auto known = done_.find(atom.get());
    if (known != done_.end()) return known->second;
    Dim result = rebuilt(atom);
    return done_.emplace(atom.get(), std::move(result)).first->second;
  }

  Dim rebuilt(const DimAtomRef& atom) {
    switch (atom->kind) {
      case DimAtom::Kind::symbol:
        return replacement_(atom->id).value_or(dim_of(DimPolynomial::of(atom)));
      case DimAtom::Kind::floor_div:
        return floor_div((*this)(atom->args[0]), (*this)(atom->args[1]));
      case DimAtom::Kind::mod:
        return mod((*this)(atom->args[0]), (*this)(atom->args[1]));
      case DimAtom::Kind::min:
        return folded(atom->args, [](const Dim& a, const Dim& b) { return min(a, b); });
      case DimAtom::Kind::max:
        return folded(atom->args, [](const Dim& a, const Dim& b) { return max(a, b); });
    }
    THEON_CHECK(false);
  }

  template <class Combine>
  Dim folded(const std::vector<Dim>& args, Combine combine) {
    Dim result = (*this)(args.front());
    for (std::size_t i = 1; i < args.size(); ++i) result = combine(result, (*this)(args[i]));
    return result;
  }

  const Replacement& replacement_;
  std::unordered_map<const DimAtom*, Dim> done_;
};

}  // namespace

std::vector<Dim> symbols(std::span<const Dim> dims) {
  std::map<SymbolId, DimAtomRef> found;
  AtomWalk walk([&](const DimAtomRef& atom) {
    if (atom->kind == DimAtom::Kind::symbol) found.emplace(atom->id, atom);
  });
  for (const Dim& dim : dims) walk(dim);
  std::vector<Dim> result;
  for (const auto& [id, atom] : found) result.push_back(dim_of(DimPolynomial::of(atom)));
  return result;
}

std::vector<Dim> symbols(const Dim& dim) { return symbols(std::span(&dim, 1)); }

Dim substitute(const Dim& dim, const std::function<std::optional<Dim>(SymbolId)>& replacement) {
  return Substitution(replacement)(dim);
}

std::int64_t evaluate(const Dim& dim, const std::function<std::int64_t(SymbolId)>& value) {
  return *substitute(dim, [&](SymbolId symbol) { return Dim(value(symbol)); }).known();
}

}  // namespace theon

// The inside of Dims: traversal, substitution, evaluation, names for printing.
#pragma once

#include <theon/dim.h>

#include "src/ir/interval.h"
#include "src/ir/polynomial.h"

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace theon {

/// What knows where the value of a symbol comes from, for symbols that are not sizes of inputs. The symbol keeps it
/// alive.
struct SymbolOrigin {
  virtual ~SymbolOrigin() = default;
};

namespace detail {

/// What the polynomial of a Dim is made of.
struct DimAtom {
  enum class Kind : std::uint8_t { symbol, floor_div, mod, min, max };

  Kind kind;
  std::uint64_t id = 0;                             // of a symbol, unique in the process
  std::string name = {};                            // of a symbol
  std::shared_ptr<const SymbolOrigin> origin = {};  // of a symbol that has one
  std::vector<Dim> args = {};  // two for floor_div and mod; two or more, sorted, for min and max; none for a symbol
  std::size_t hash = 0;
  std::uint32_t depth = 0;   // how deep atoms stand in atoms
  std::uint32_t weight = 1;  // how many atoms it is written with
};

using DimAtomRef = std::shared_ptr<const DimAtom>;
std::strong_ordering compare(const DimAtomRef& a, const DimAtomRef& b);
using DimPolynomial = ir::Polynomial<DimAtomRef>;

/// A size that is not a number.
struct DimNode {
  DimPolynomial polynomial;  // valid and not constant
  std::size_t hash;
  std::uint32_t depth;
  std::uint32_t weight;
};

/// Throws ShapeError where the polynomial is not valid: sizes are exact or an error.
Dim dim_of(DimPolynomial polynomial);
DimPolynomial polynomial_of(const Dim& dim);

}  // namespace detail

/// The order in which Dims are written: numbers first. Structural, and the same in every run that makes its symbols in
/// the same order.
std::strong_ordering compare(const Dim& a, const Dim& b);

struct DimHash {
  std::size_t operator()(const Dim& dim) const { return dim.hash(); }
};

/// The identity of a symbol.
using SymbolId = std::uint64_t;

/// The symbol that `dim` is; nothing for anything else.
std::optional<SymbolId> symbol_of(const Dim& dim);
inline bool is_symbol(const Dim& dim) { return symbol_of(dim).has_value(); }

/// A symbol with an origin: a fresh one, or the one that all calls with the same `id` mean. Ids given so have their
/// highest bit set, fresh ones never have.
Dim symbol(std::string name, std::shared_ptr<const SymbolOrigin> origin, std::optional<SymbolId> id = std::nullopt);
/// Null for a symbol without one, and for anything else.
const SymbolOrigin* origin_of(const Dim& dim);

/// The symbols that `dim` is written with, oldest first, each once.
std::vector<Dim> symbols(const Dim& dim);
std::vector<Dim> symbols(std::span<const Dim> dims);

/// `dim` with its symbols replaced: `replacement` gives the new size of a symbol, or nothing to keep it.
Dim substitute(const Dim& dim, const std::function<std::optional<Dim>(SymbolId)>& replacement);

/// The size for given values of its symbols. Throws ShapeError where it does not fit an int64.
std::int64_t evaluate(const Dim& dim, const std::function<std::int64_t(SymbolId)>& value);

/// Numbers that `dim` never leaves, whatever its symbols are.
ir::Interval bounds(const Dim& dim);

/// Names for symbols that are printed together: the second symbol called n is n', the third n''.
class SymbolNames {
 public:
  const std::string& operator()(const detail::DimAtom& symbol);

 private:
  std::map<SymbolId, std::string> names_;
  std::set<std::string> taken_;
};

/// "2*batch + 1", with names shared by everything that `names` has printed.
std::string to_string(const Dim& dim, SymbolNames& names);

}  // namespace theon

// Where a kernel finds the values of dim symbols.
#pragma once

#include "src/ir/dim_node.h"
#include "src/support/check.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

namespace theon::ir {

/// The place of each dim symbol in TheonFrame::symbols.
class Layout {
 public:
  Layout() = default;
  /// The symbols in the order of their places. Throws InternalError for a Dim that is no symbol.
  explicit Layout(std::span<const Dim> symbols);

  /// Throws InternalError for a symbol without a place.
  std::size_t place(SymbolId symbol) const;
  /// The value of `dim` for a frame's symbols.
  std::int64_t value(const Dim& dim, const std::int64_t* symbols) const;

 private:
  std::unordered_map<SymbolId, std::size_t> places_;
};

/// A size in another arithmetic: `target` has literal(int64), symbol(place), add, mul, floor_div, mod, min and max.
template <class Target>
auto lower(const Dim& dim, const Layout& layout, Target& target) -> decltype(target.literal(0));

namespace detail {

template <class Target>
auto lower(const theon::detail::DimAtom& atom, const Layout& layout, Target& target) -> decltype(target.literal(0)) {
  using Kind = theon::detail::DimAtom::Kind;
  const auto fold = [&](auto combine) {
    auto result = ir::lower(atom.args[0], layout, target);
    for (std::size_t i = 1; i < atom.args.size(); ++i)
      result = combine(result, ir::lower(atom.args[i], layout, target));
    return result;
  };
  switch (atom.kind) {
    case Kind::symbol:
      return target.symbol(layout.place(atom.id));
    case Kind::floor_div:
      return fold([&](auto a, auto b) { return target.floor_div(a, b); });
    case Kind::mod:
      return fold([&](auto a, auto b) { return target.mod(a, b); });
    case Kind::min:
      return fold([&](auto a, auto b) { return target.min(a, b); });
    case Kind::max:
      return fold([&](auto a, auto b) { return target.max(a, b); });
  }
  theon::broken_promise("the kind of atom is known", __FILE__, __LINE__);
}

}  // namespace detail

template <class Target>
auto lower(const Dim& dim, const Layout& layout, Target& target) -> decltype(target.literal(0)) {
  if (dim.is_known()) return target.literal(*dim.known());
  const theon::detail::DimPolynomial& polynomial = dim.node()->polynomial;
  using Value = decltype(target.literal(0));
  std::optional<Value> sum;
  if (polynomial.constant() != 0) sum = target.literal(polynomial.constant());
  for (const auto& term : polynomial.terms()) {
    std::optional<Value> product;
    if (term.coefficient != 1) product = target.literal(term.coefficient);
    for (const auto& atom : term.factors) {
      const Value factor = detail::lower(*atom, layout, target);
      product = product ? target.mul(*product, factor) : factor;
    }
    sum = sum ? target.add(*sum, *product) : *product;
  }
  return *sum;
}

}  // namespace theon::ir

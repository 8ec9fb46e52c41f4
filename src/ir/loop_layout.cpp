#include "src/ir/loop_layout.h"

namespace theon::ir {

Layout::Layout(std::span<const Dim> symbols) {
  for (const Dim& dim : symbols) {
    const std::optional<SymbolId> symbol = symbol_of(dim);
    if (!symbol) fail<InternalError>({}, "layout: {} is no symbol", to_string(dim));
    places_.emplace(*symbol, places_.size());
  }
}

std::size_t Layout::place(SymbolId symbol) const {
  const auto found = places_.find(symbol);
  if (found == places_.end())
    fail<InternalError>({}, "layout: symbol {} has no place among {}", symbol, places_.size());
  return found->second;
}

std::int64_t Layout::value(const Dim& dim, const std::int64_t* symbols) const {
  return evaluate(dim, [&](SymbolId symbol) { return symbols[place(symbol)]; });
}

}  // namespace theon::ir

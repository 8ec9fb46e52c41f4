// The values of dim symbols during an evaluation.
#pragma once

#include <theon/tensor.h>
#include <theon/type.h>

#include "src/graph/node.h"
#include "src/ir/dim_node.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace theon::reference {

class SymbolValues {
 public:
  void set(const Dim& symbol, std::int64_t value) { values_[*symbol_of(symbol)] = value; }
  bool knows(const Dim& dim) const;
  /// Throws InternalError for a symbol without a value.
  std::int64_t operator()(SymbolId symbol) const;
  std::int64_t operator()(const Dim& dim) const;
  Sizes operator()(const Shape& dims) const;

 private:
  std::unordered_map<SymbolId, std::int64_t> values_;
};

/// An array that an input of a graph is given.
struct Binding {
  const Leaf& input;
  const Tensor& value;
};

/// Learns the symbols that stand for whole sizes of inputs, then checks every size. Throws ArgumentError, DTypeError or
/// ShapeError, at `where`, for values that do not fit the inputs or one another.
void bind_sizes(const std::vector<Binding>& bindings, SymbolValues& symbols, Location where);

/// Throws ShapeError, at the obligation's own line, where it is known not to hold.
void check_obligation(const Obligation& obligation, const SymbolValues& symbols);

}  // namespace theon::reference

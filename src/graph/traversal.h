// Walking and rebuilding graphs. Everything here is iterative.
#pragma once

#include "src/graph/op.h"

#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

namespace theon {

/// Identity of a Variable, for hash tables.
struct VariableHash {
  std::size_t operator()(const Variable& x) const { return std::hash<const void*>()(x.node().get()) * 31 + x.index(); }
};
struct VariableSame {
  bool operator()(const Variable& x, const Variable& y) const { return same(x, y); }
};
template <class T>
using VariableMap = std::unordered_map<Variable, T, VariableHash, VariableSame>;

/// Every Apply that `outputs` need, producers first, in an order that depends only on the graph. Inner graphs are not
/// entered.
std::vector<const Apply*> toposort(std::span<const Variable> outputs);

/// The same, without what only variables of a `boundary` need.
std::vector<const Apply*> toposort(std::span<const Variable> outputs,
                                   const std::function<bool(const Variable&)>& is_boundary);

/// Every leaf that `outputs` reach, in order of first use, constants excepted.
std::vector<Variable> leaves(std::span<const Variable> outputs);

/// A substitution of dim symbols, canonical symbol -> Dim.
class DimMap {
 public:
  bool is_empty() const { return map_.empty(); }
  /// Throws InternalError when `symbol` is not a symbol.
  void set(const Dim& symbol, const Dim& value);
  Dim operator()(const Dim& dim) const;
  Shape operator()(const Shape& shape) const;

 private:
  std::vector<std::pair<Dim, Dim>> map_;
};

/// The outputs with every key replaced by its value, everything between rebuilt and the rest shared. Where a value's
/// type has other dims than its key's, the symbols of the key's dims are replaced under everything rebuilt (types and
/// attributes). Throws DTypeError or ShapeError, at `where`, when a value cannot stand for its key. Names and locations
/// are kept.
std::vector<Variable> replace(std::span<const Variable> outputs, const VariableMap<Variable>& replacements,
                              Location where = {});

/// Applies `op` of `node` to other inputs, keeping location and names; returns `node`'s own outputs where nothing
/// changed.
std::vector<Variable> rebuild(const Apply& node, std::vector<Variable> inputs, const DimMap& dims = {});

/// The graph with dim symbols replaced in its inputs, types and attributes; inputs and nodes that mention none of them
/// are kept.
Graph substitute(const Graph& graph, const DimMap& map);

/// Whether two graphs compute the same from corresponding inputs, compared node by node.
bool same_graph(const Graph& a, const Graph& b);

}  // namespace theon

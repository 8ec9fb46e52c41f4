// Sizes that a call learns while it runs: integer Variables used as sizes, and outputs of a length that depends on
// data.
#pragma once

#include "src/graph/op.h"
#include "src/ir/dim_node.h"

#include <span>
#include <vector>

namespace theon {

/// Where the value of a symbol comes from.
struct SizeOrigin : SymbolOrigin {
  /// An output of a node that binds `symbol`.
  virtual Variable binder(const Dim& symbol) const = 0;
};

/// One binder for every symbol of `dims` that has an origin.
std::vector<Variable> binders(std::span<const Dim> dims);

/// `inputs`, then the binders of `dims`. What an op with such dims in its attributes is applied to: the binders at the
/// end are never read, but keep the nodes that bind the symbols part of the graph.
std::vector<Variable> with_binders(std::vector<Variable> inputs, std::span<const Dim> dims);

/// One cotangent per input of `node`: the given ones for the first inputs, none for the others.
std::vector<Variable> for_inputs(const Apply& node, std::vector<Variable> cotangents);

/// The size of axis `axis` of `value` is the value of `symbol`. Where `axis` is negative, `value` is an int64 scalar
/// and is itself the value: a call must refuse a negative one.
struct SizeBinding {
  Dim symbol;
  Variable value;
  int axis;
};

/// What the nodes that `outputs` need bind, in topological order. Inner graphs are not entered.
std::vector<SizeBinding> bindings(std::span<const Variable> outputs);

}  // namespace theon

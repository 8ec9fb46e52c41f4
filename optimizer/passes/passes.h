// Functions from graph to graph. None of them enters inner graphs; see in_every_graph.
#pragma once

#include "optimizer/intern.h"
#include "src/graph/op.h"

#include <functional>
#include <set>
#include <span>
#include <string>

namespace theon {

/// Makes equal nodes one, also with those of graphs merged before: a graph that comes out as an earlier one went in is
/// the same graph.
Graph merge(const Graph& graph, Interned& interned);

/// Computes what depends on constants alone, where that takes at most a million elements and a result at most a MiB.
Graph fold_constants(const Graph& graph);

/// Puts the expansion of every composite in its place, but for those of the names in `kept`.
Graph inline_composites(const Graph& graph, const std::set<std::string>& kept);

/// Writes the sum of a term and a negative as a difference.
Graph write_differences(const Graph& graph);

/// Multiplies chains of matrices in the order that takes the fewest multiplications.
Graph order_products(const Graph& graph);

/// Writes sums and products of many terms as several, each of the one before and the next terms, in the same order: a
/// kernel ends between two nodes, never inside one.
Graph split_wide(const Graph& graph);

/// Removes identities: specify_dims of dims that have become the declared ones.
Graph remove_identities(const Graph& graph);

using Pass = std::function<Graph(const Graph&)>;

/// Whether the graph has loops or branches.
bool has_regions(std::span<const Apply* const> nodes);

/// Applies the pass to every inner graph, the innermost first, and then to the graph itself.
Graph in_every_graph(const Graph& graph, const Pass& pass);

}  // namespace theon

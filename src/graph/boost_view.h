// Directed graphs as numbered vertices, for the algorithms of Boost.Graph. A view: never where a graph is kept.
#pragma once

#include "src/graph/node.h"

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace theon {

/// Any directed graph: the nodes of an expression, or groups of them.
struct Digraph {
  std::size_t vertices = 0;
  std::vector<std::pair<std::size_t, std::size_t>> edges = {};
};

/// The vertices with every edge leading onwards; nothing for a graph with a cycle.
std::optional<std::vector<std::size_t>> topological_order(const Digraph& graph);

/// For each vertex the last one that every path to it passes; itself for a vertex that no edge leads to, nothing where
/// paths from several such vertices meet. Edges must lead from smaller to larger numbers.
std::vector<std::optional<std::size_t>> immediate_dominators(const Digraph& graph);

/// What an expression is made of. Vertex i is nodes[i], leaves included; producers come before consumers, an edge leads
/// from one to the other for each operand.
struct GraphView {
  explicit GraphView(std::span<const Variable> outputs);

  std::vector<const Node*> nodes;
  Digraph digraph;
};

/// Graphviz text with one label per vertex and one per edge.
void write_dot(std::ostream& out, const Digraph& graph, std::span<const std::string> vertex_labels,
               std::span<const std::string> edge_labels);

}  // namespace theon

#include "src/graph/boost_view.h"

#include "src/graph/traversal.h"
#include "src/support/check.h"

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/topological_sort.hpp>
#include <boost/property_map/function_property_map.hpp>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <ostream>
#include <string>
#include <unordered_map>

namespace theon {

namespace {

/// Its edges carry their number among those of the Digraph.
using BoostGraph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, std::size_t>;

BoostGraph boost_graph(const Digraph& graph) {
  std::vector<std::size_t> numbers(graph.edges.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  return BoostGraph(boost::edges_are_unsorted_multi_pass, graph.edges.begin(), graph.edges.end(), numbers.begin(),
                    graph.vertices);
}

std::vector<std::vector<std::size_t>> predecessors(const Digraph& graph) {
  std::vector<std::vector<std::size_t>> found(graph.vertices);
  for (const auto& [from, to] : graph.edges) found[to].push_back(from);
  return found;
}

using Dominators = std::vector<std::optional<std::size_t>>;

/// The last vertex that dominates both; nothing where there is none.
std::optional<std::size_t> common_dominator(const Dominators& dominators, std::optional<std::size_t> a,
                                            std::optional<std::size_t> b) {
  while (a && b && *a != *b) {
    auto& later = *a > *b ? a : b;
    const auto above = dominators[*later];
    later = above == later ? std::nullopt : above;
  }
  return a && b ? a : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::size_t>> topological_order(const Digraph& graph) {
  const BoostGraph view = boost_graph(graph);
  std::vector<std::size_t> backwards;
  try {
    boost::topological_sort(view, std::back_inserter(backwards));
  } catch (const boost::not_a_dag&) {
    return std::nullopt;
  }
  std::ranges::reverse(backwards);
  return backwards;
}

// Boost's dominator tree recurses as deep as the graph. Numbers that grow along edges allow one pass instead (Cooper,
// Harvey, Kennedy 2001).
std::vector<std::optional<std::size_t>> immediate_dominators(const Digraph& graph) {
  const auto before = predecessors(graph);
  Dominators dominators(graph.vertices);
  for (std::size_t vertex = 0; vertex < graph.vertices; ++vertex) {
    std::optional<std::size_t> common = before[vertex].empty() ? vertex : before[vertex].front();
    for (const std::size_t other : before[vertex]) {
      THEON_CHECK(other < vertex);
      common = common_dominator(dominators, common, other);
    }
    dominators[vertex] = common;
  }
  return dominators;
}

GraphView::GraphView(std::span<const Variable> outputs) {
  std::unordered_map<const Node*, std::size_t> number;
  const auto add = [&](const Node* node) {
    const auto [entry, is_new] = number.emplace(node, nodes.size());
    if (is_new) nodes.push_back(node);
    return entry->second;
  };
  for (const Apply* node : toposort(outputs)) {
    std::vector<std::size_t> operands;
    for (const Variable& x : node->inputs) operands.push_back(add(x.node().get()));
    const std::size_t own = add(node);
    for (const std::size_t operand : operands) digraph.edges.emplace_back(operand, own);
  }
  for (const Variable& x : outputs) add(x.node().get());
  digraph.vertices = nodes.size();
}

void write_dot(std::ostream& out, const Digraph& graph, std::span<const std::string> vertex_labels,
               std::span<const std::string> edge_labels) {
  const BoostGraph view = boost_graph(graph);
  const auto label = [](std::ostream& to, const std::string& text) {
    if (!text.empty()) to << "[label=" << boost::escape_dot_string(text) << "]";
  };
  // Left to itself, Boost writes numbers as the locale has them: 1.234.
  const auto id =
      boost::make_function_property_map<std::size_t>([](std::size_t vertex) { return std::to_string(vertex); });
  boost::write_graphviz(
      out, view, [&](std::ostream& to, std::size_t vertex) { label(to, vertex_labels[vertex]); },
      [&](std::ostream& to, const auto& edge) { label(to, edge_labels[view[edge]]); }, boost::default_writer(), id);
}

}  // namespace theon

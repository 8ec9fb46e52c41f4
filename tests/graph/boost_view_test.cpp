// Orders, cycles and dominators of small graphs that can be checked by eye.
#include <theon/ops.h>

#include "src/graph/boost_view.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace theon;

TEST_CASE("every edge of a topological order leads onwards") {
  const Digraph graph{.vertices = 5, .edges = {{3, 1}, {1, 0}, {3, 4}, {4, 0}, {2, 4}}};
  const auto order = topological_order(graph);
  REQUIRE(order.has_value());
  const auto place = [&](std::size_t vertex) { return std::ranges::find(*order, vertex) - order->begin(); };
  for (const auto& [from, to] : graph.edges) CHECK(place(from) < place(to));
}

TEST_CASE("a graph with a cycle has no order") {
  CHECK_FALSE(topological_order({.vertices = 3, .edges = {{0, 1}, {1, 2}, {2, 0}}}).has_value());
  CHECK_FALSE(topological_order({.vertices = 1, .edges = {{0, 0}}}).has_value());
  CHECK(topological_order({}).has_value());
}

TEST_CASE("the join of a diamond is dominated by its fork") {
  const auto dominators = immediate_dominators({.vertices = 5, .edges = {{0, 1}, {0, 2}, {1, 3}, {2, 3}, {3, 4}}});
  CHECK(dominators == std::vector<std::optional<std::size_t>>{0, 0, 0, 0, 3});
}

TEST_CASE("what two sources reach has no dominator") {
  const auto dominators = immediate_dominators({.vertices = 4, .edges = {{0, 2}, {1, 2}, {2, 3}}});
  CHECK(dominators == std::vector<std::optional<std::size_t>>{0, 1, std::nullopt, 2});
}

TEST_CASE("the view of an expression has leaves and nodes, producers first") {
  const Variable x = vector<double>("x");
  const Variable y = exp(x) * x;
  const GraphView view(std::span(&y, 1));
  REQUIRE(view.nodes.size() == 3);
  CHECK(view.nodes[0] == x.node().get());
  CHECK(view.nodes[2] == y.node().get());
  CHECK(view.digraph.edges == std::vector<std::pair<std::size_t, std::size_t>>{{0, 1}, {1, 2}, {0, 2}});
  CHECK(immediate_dominators(view.digraph)[2] == 0u);
}

// Graphs that are as deep as a program can make them, on a small stack.
#include <theon/ops.h>

#include "src/graph/boost_view.h"
#include "src/graph/fields.h"
#include "src/graph/traversal.h"
#include "tests/small_stack.h"

#include <catch2/catch.hpp>

using namespace theon;

namespace {

constexpr int deep = 100'000;

Variable chain(const Variable& x, int length) {
  Variable y = x;
  for (int i = 0; i < length; ++i) y = y + 1;
  return y;
}

}  // namespace

TEST_CASE("a deep chain is built and dies on a small stack") {
  on_small_stack([] {
    const Variable y = chain(vector<double>("x"), deep);
    CHECK(toposort(std::span(&y, 1)).size() == deep);
  });
}

TEST_CASE("a deep chain is replaced on a small stack") {
  on_small_stack([] {
    const Variable x = vector<double>("x"), z = vector<double>("z");
    const Variable y = chain(x, deep);
    const Variable other = replace(std::vector{y}, {{x, z}})[0];
    const std::vector<Variable> found = leaves(std::span(&other, 1));
    REQUIRE(found.size() == 1);
    CHECK(same(found[0], z));
  });
}

TEST_CASE("a deep chain is printed on a small stack, in lines that do not grow") {
  on_small_stack([] {
    const Variable y = chain(vector<double>("x"), deep);
    CHECK(to_string(y).size() < 100u * deep);
    CHECK(debugprint(y).size() < 200u * deep);
    CHECK(to_dot(std::span(&y, 1)).size() < 200u * deep);
  });
}

TEST_CASE("a deep chain is compared and hashed on a small stack") {
  on_small_stack([] {
    const Variable x = vector<double>("x"), z = vector<double>("z");
    const Graph a{{x}, {chain(x, deep)}}, b{{z}, {chain(z, deep)}};
    CHECK(same_graph(a, b));
    CHECK(field::hash_graph(a) == field::hash_graph(b));
  });
}

TEST_CASE("a deep chain is viewed on a small stack") {
  on_small_stack([] {
    const Variable y = chain(vector<double>("x"), deep);
    const GraphView view(std::span(&y, 1));
    CHECK(topological_order(view.digraph).has_value());
    CHECK(immediate_dominators(view.digraph).size() == view.nodes.size());
  });
}

TEST_CASE("a scalar computed in many steps becomes a size on a small stack") {
  on_small_stack([] {
    Variable n = scalar<std::int64_t>("n");
    const Dim first = size(n);
    for (int i = 0; i < deep; ++i) n = n + 1;
    CHECK(size(n) == first + deep);
  });
}

TEST_CASE("a million nodes are built and destroyed") {
  on_small_stack([] {
    const Variable y = chain(vector<double>("x"), 1'000'000);
    CHECK(y.ndim() == 1);
  });
}

TEST_CASE("a sum of a hundred thousand terms is one node, printed and replaced on a small stack") {
  on_small_stack([] {
    const Variable x = vector<double>("x"), z = input<double>("z", {3});
    const Variable y = add_n(std::vector<Variable>(deep, x));
    CHECK(toposort(std::span(&y, 1)).size() == 1);
    CHECK(to_string(y).size() < 10u * deep);
    CHECK(replace(std::vector{y}, {{x, z}})[0].dims() == Shape{3});
  });
}

TEST_CASE("what is reached on very many paths is walked once") {
  const Variable x = vector<double>("x"), z = vector<double>("z");
  Variable y = x;
  for (int i = 0; i < 100; ++i) y = y + y;
  CHECK(toposort(std::span(&y, 1)).size() == 100);
  CHECK(to_string(y).size() < 10'000);
  CHECK(debugprint(y).size() < 50'000);
  const Variable other = replace(std::vector{y}, {{x, z}})[0];
  CHECK(same_graph({{x}, {y}}, {{z}, {other}}));
}

// Graphs over other variables: what changes, what is kept.
#include <theon/ops.h>

#include "src/graph/node.h"
#include "src/graph/traversal.h"

#include <catch2/catch.hpp>

using namespace theon;
using Catch::Contains;

namespace {

Variable replaced(const Variable& y, const VariableMap<Variable>& map) { return replace(std::vector{y}, map)[0]; }

}  // namespace

TEST_CASE("replace rebuilds what depends on the key and shares the rest") {
  const Variable x = vector<double>("x"), z = vector<double>("z"), w = vector<double>("w");
  const Variable kept = exp(w);
  const Variable y = x * 2 + kept;
  const Variable other = replaced(y, {{x, z}});
  CHECK(to_string(other) == "z * 2.0 + exp(w)");
  CHECK(same(other.owner()->inputs[1], kept));
  CHECK(same(replaced(y, {{vector<double>("unused"), z}}), y));
}

TEST_CASE("an intermediate value can be replaced") {
  const Variable x = vector<double>("x"), z = vector<double>("z");
  const Variable h = exp(x);
  CHECK(to_string(replaced(h * h, {{h, z}})) == "z * z");
  CHECK(same(replaced(h, {{h, z}}), z));
}

TEST_CASE("replacements do not apply to one another") {
  const Variable x = vector<double>("x"), y = input<double>("y", x.dims());
  CHECK(to_string(replaced(x - y, {{x, y}, {y, x}})) == "y - x");
}

TEST_CASE("names and lines survive") {
  const Variable x = vector<double>("x"), z = vector<double>("z");
  const Variable h = exp(x).named("h");
  const Variable y = h + 1.0;
  const Variable other = replaced(y, {{x, z}});
  CHECK(other.owner()->inputs[0].name() == "h");
  CHECK(other.where() == y.where());
  CHECK(other.owner()->inputs[0].where() == h.where());
}

TEST_CASE("a minibatch for an input changes every size that was the input's") {
  const Variable x = matrix<float>("x"), i = scalar<std::int64_t>("i");
  const Shared train = shared("train", Tensor::zeros<float>({50, 4}));
  const Variable cost = sum(softmax(reshape(x, {-1, 2}))) / value(x.dim(0));
  const Variable batch = train[slice(i * 10, (i + 1) * 10)];
  const Variable given = replaced(cost, {{x, batch}});
  for (const Apply* node : toposort(std::span(&given, 1)))
    for (const TensorType& type : node->types)
      for (const Dim& dim : type.dims) CHECK(!(dim == x.dim(0)));
  CHECK(leaves(std::span(&given, 1)).size() == 2);
}

TEST_CASE("sizes that become known are known everywhere") {
  const Variable x = matrix<float>("x");
  const Variable y = reshape(x, {-1, 2});
  const Variable other = replaced(y, {{x, input<float>("z", {6, 4})}});
  CHECK(other.dims() == Shape{12, 2});
}

TEST_CASE("a value that cannot stand for its key is refused with both types") {
  const Variable x = vector<double>("x");
  CHECK_THROWS_WITH(replaced(x + 1, {{x, vector<float>("z")}}), Contains("x is float64") && Contains("float32"));
  CHECK_THROWS_WITH(replaced(x + 1, {{x, matrix<double>("z")}}), Contains("rank 1") && Contains("2"));
  const Variable fixed = input<double>("fixed", {3});
  CHECK_THROWS_AS(replaced(fixed + 1, {{fixed, input<double>("z", {4})}}), ShapeError);
}

TEST_CASE("one size cannot become two without a check") {
  const Dim n = dim("n");
  const Variable x = input<double>("x", {n}), y = input<double>("y", {n});
  const Variable a = vector<double>("a"), b = vector<double>("b");
  const Variable other = replaced(x + y, {{x, a}, {y, b}});
  bool checked = false;
  for (const Apply* node : toposort(std::span(&other, 1))) checked = checked || !node->obligations.empty();
  CHECK(checked);
}

TEST_CASE("equal graphs over different inputs are the same graph") {
  const Variable x = vector<double>("x"), z = input<double>("z", x.dims());
  const Graph a{{x}, {exp(x) + 1}}, b{{z}, {exp(z) + 1}}, c{{z}, {exp(z) + 2}}, d{{z}, {exp(z + 1)}};
  CHECK(same_graph(a, b));
  CHECK_FALSE(same_graph(a, c));
  CHECK_FALSE(same_graph(a, d));
}

TEST_CASE("sizes of a graph are substituted in its inputs, types and attributes") {
  const Variable x = vector<double>("x");
  const Graph graph{{x}, {reshape(x, {-1, 2})}};
  DimMap map;
  map.set(x.dim(0), 8);
  const Graph known = substitute(graph, map);
  CHECK(known.inputs[0].dims() == Shape{8});
  CHECK(known.outputs[0].dims() == Shape{4, 2});
  CHECK(same(substitute(graph, DimMap()).outputs[0], graph.outputs[0]));
}

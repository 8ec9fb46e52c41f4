#include "optimizer/passes/passes.h"
#include "src/graph/node.h"
#include "src/graph/traversal.h"

#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace theon;

namespace {

std::vector<Variable> scalars(int count) {
  std::vector<Variable> all;
  for (int k = 0; k < count; ++k) all.push_back(input<double>("x" + std::to_string(k), {}));
  return all;
}

}  // namespace

TEST_CASE("a sum of many terms becomes sums of at most sixty-four, in the same order") {
  const std::vector<Variable> x = scalars(200);
  const Graph split = split_wide({x, {add_n(x)}});
  std::size_t terms = 1;
  for (const Apply* node : toposort(split.outputs)) {
    CHECK(node->inputs.size() <= 64);
    terms += node->inputs.size() - 1;
  }
  CHECK(terms == 200);
  Variable sum = split.outputs[0];
  CHECK(same(Variable(sum.owner()->inputs.back()), x[199]));
  while (sum.owner()) sum = Variable(sum.owner()->inputs[0]);
  CHECK(same(sum, x[0]));
}

TEST_CASE("sixty-four terms stay one sum, sixty-five do not") {
  const std::vector<Variable> x = scalars(64), y = scalars(65);
  const Variable sum = add_n(x);
  CHECK(same(split_wide({x, {sum}}).outputs[0], sum));
  CHECK(toposort(split_wide({y, {add_n(y)}}).outputs).size() == 2);
}

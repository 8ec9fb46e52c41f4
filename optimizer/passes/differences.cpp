#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"
#include "src/ops/elementwise.h"

#include <algorithm>

namespace theon {

namespace {

bool is_negative(const Variable& x) { return is_elementwise(x, "neg"); }

bool is_difference(const Apply& node) {
  return node.inputs.size() == 2 && std::ranges::any_of(node.inputs, is_negative) &&
         is_elementwise(node.output(0), "add");
}

}  // namespace

Graph write_differences(const Graph& graph) {
  const auto selects = [](const Apply& node) { return is_difference(node); };
  const auto remake = [](const Apply& node, const std::vector<Variable>& terms) {
    const std::size_t k = is_negative(terms[1]) ? 1 : 0;
    return std::vector{elementwise("sub", std::vector<Operand>{terms[1 - k], terms[k].owner()->inputs[0]}, node.where)};
  };
  return {graph.inputs, rebuild_graph(graph.outputs, selects, remake)};
}

}  // namespace theon

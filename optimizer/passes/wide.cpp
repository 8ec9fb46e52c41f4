#include "optimizer/passes/passes.h"
#include "optimizer/passes/rebuild_graph.h"
#include "src/ops/elementwise.h"

#include <algorithm>

namespace theon {

namespace {

constexpr std::size_t most_operands = 64;

bool is_wide(const Apply& node) {
  return node.inputs.size() > most_operands &&
         (is_elementwise(node.output(0), "add") || is_elementwise(node.output(0), "mul"));
}

}  // namespace

Graph split_wide(const Graph& graph) {
  const auto remake = [](const Apply& node, const std::vector<Variable>& operands) {
    Variable sum = operands[0];
    for (std::size_t next = 1; next < operands.size();) {
      const std::size_t end = std::min(next + most_operands - 1, operands.size());
      std::vector<Operand> some{sum};
      for (; next < end; ++next) some.emplace_back(operands[next]);
      sum = elementwise(node.op->name(), some, node.where);
    }
    return std::vector{sum};
  };
  return {graph.inputs, rebuild_graph(graph.outputs, is_wide, remake)};
}

}  // namespace theon

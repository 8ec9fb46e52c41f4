#include "src/graph/op.h"

#include "src/support/check.h"

namespace theon {

OpRef Op::with(const DimMap&) const { return nullptr; }

std::vector<Variable> Op::rebind(std::span<const Variable>, DimMap&, Location) const {
  THEON_CHECK(!"an op that binds no symbols was asked to bind others");
  return {};
}

OpRef Op::with_inner(std::vector<Graph>) const {
  THEON_CHECK(!"an op without inner graphs was given some");
  return nullptr;
}

Graph CompositeOp::body(const Apply& node) const {
  Graph graph;
  for (const Variable& x : node.inputs) graph.inputs.push_back(input(x.dtype(), x.name(), x.dims(), x.where()));
  const std::vector<Variable> twin = apply_all(node.op, graph.inputs, node.where);
  graph.outputs = expand(*twin[0].owner());
  return graph;
}

}  // namespace theon

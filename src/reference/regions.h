// Ops that carry graphs, one evaluation of a graph after the other.
#pragma once

#include "src/graph/op.h"
#include "src/reference/sizes.h"

#include <functional>
#include <span>
#include <vector>

namespace theon::reference {

/// The outputs of an inner graph for given inputs.
using GraphFunction = std::function<std::vector<Tensor>(const Graph& graph, std::span<const Tensor> inputs)>;

/// The outputs of a RegionOp for given inputs.
std::vector<Tensor> run_region_op(const Apply& node, std::span<const Tensor> inputs, const SymbolValues& symbols,
                                  const GraphFunction& run);

}  // namespace theon::reference

// Ops with a definition in the element language, one element after the other.
#pragma once

#include "src/graph/op.h"
#include "src/reference/sizes.h"

#include <span>
#include <vector>

namespace theon::reference {

/// The outputs of an ElementOp for given inputs.
std::vector<Tensor> run_element_op(const Apply& node, std::span<const Tensor> inputs, const SymbolValues& symbols);

/// The output of a ScatterOp for given inputs.
std::vector<Tensor> run_scatter_op(const Apply& node, std::span<const Tensor> inputs, const SymbolValues& symbols);

/// Throws IndexError, at the node's line, for an index out of range.
void check_indices(const Apply& node, std::span<const Tensor> inputs, const SymbolValues& symbols);

}  // namespace theon::reference

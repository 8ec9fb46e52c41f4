// Derivatives of inner graphs.
#pragma once

#include "src/graph/op.h"

#include <span>
#include <vector>

namespace theon {

/// The cotangent of each input, given one for each output, as expressions over the graph's own inputs and the
/// cotangents. Empty Variables: none, in both.
std::vector<Variable> pull_through(const Graph& graph, std::span<const Variable> cotangents);

/// The tangent of each output, given one for each input; the same otherwise.
std::vector<Variable> push_through(const Graph& graph, std::span<const Variable> tangents);

/// One fresh input for each of `values` that is not empty, of its type; empty Variables stay empty.
std::vector<Variable> inputs_like(std::span<const Variable> values);

/// `expressions` with the inputs of a graph replaced by values. Pairs with an empty Variable are left out, and so are
/// empty expressions.
std::vector<Variable> substitute_inputs(std::span<const Variable> expressions, std::span<const Variable> inputs,
                                        std::span<const Variable> values);

/// Those of `list` that are not empty.
std::vector<Variable> present(std::span<const Variable> list);

}  // namespace theon

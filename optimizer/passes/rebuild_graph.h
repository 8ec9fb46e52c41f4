// The walk that the passes share.
#pragma once

#include "src/graph/op.h"
#include "src/graph/traversal.h"

#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace theon {

/// What takes the place of a node's outputs, given what takes the place of its inputs.
using Remake = std::function<std::vector<Variable>(const Apply& node, std::vector<Variable> inputs)>;

using Selects = std::function<bool(const Apply& node)>;

/// The outputs with the selected nodes remade, producers first; the others are rebuilt where an input has changed.
std::vector<Variable> rebuild_graph(std::span<const Variable> outputs, const Selects& selects, const Remake& remake);

}  // namespace theon

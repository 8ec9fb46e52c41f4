// What must hold for a graph to mean what it says: read off the graph as the user wrote it, before a rewrite can drop a node and its checks with it.
#pragma once

#include "codegen/program/assemble.h"
#include "src/graph/traversal.h"

#include <span>
#include <vector>

namespace theon::runtime {

struct Requirements {
  std::vector<Obligation> obligations;
  /// Integer arrays that index something, and what a call must check of each.
  std::vector<Variable> indices;
  std::vector<codegen::Indices> checks;
};

/// Of everything that `outputs` need, composites opened and inner graphs included.
Requirements requirements(std::span<const Variable> outputs);

/// Variables whose values have an effect of their own, and what it is: conditions of checks, and scalars that are sizes.
struct Effects {
  std::vector<Variable> variables;
  std::vector<codegen::Duty> duties;
};

/// Of an optimised graph.
Effects effects(std::span<const Variable> outputs);

}  // namespace theon::runtime

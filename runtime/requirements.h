// What must hold for a graph to mean what it says: read off the graph as the user wrote it, before a rewrite can drop a
// node and its checks with it.
#pragma once

#include "codegen/program/assemble.h"
#include "src/graph/traversal.h"

#include <span>
#include <vector>

namespace theon::runtime {

/// Variables that a call computes for a duty.
struct Duties {
  std::vector<Variable> variables;
  std::vector<codegen::Duty> duties;  // one for each

  void add(Variable variable, codegen::Duty duty);
  void add(const Duties& others);
};

/// Relations between sizes, of everything that `outputs` need, composites opened and inner graphs included.
std::vector<Obligation> obligations(std::span<const Variable> outputs);

/// What the equalities among them say about the sizes of inputs, as a substitution: of all symbols that must be equal
/// one remains, or their number.
DimMap equalities(const std::vector<Obligation>& obligations, const std::vector<Variable>& inputs);

/// The same outputs, and what a call must check to compute them: indices, and conditions of checks in the bodies of
/// loops. What a body must check becomes one more result of its loop, an array over all its steps.
struct Guarded {
  std::vector<Variable> outputs;
  Duties duties;
};
Guarded guarded(std::span<const Variable> outputs);

/// What has an effect of its own in an optimised graph: conditions of checks, and scalars that are sizes.
Duties effects(std::span<const Variable> outputs);

}  // namespace theon::runtime

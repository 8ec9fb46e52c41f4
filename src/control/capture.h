// From what a lambda built to a graph that shares with the outside only by explicit inputs.
#pragma once

#include "src/graph/op.h"

#include <cstdint>
#include <span>
#include <vector>

namespace theon {

/// The moment before a lambda is called: nodes with a serial from here on are the lambda's own.
std::uint64_t next_node();

/// A graph whose inputs are its parameters, then one for each captured variable.
struct ClosedGraph {
  Graph graph;
  std::vector<Variable> captured;
};

/// `results` as a graph over `parameters`. Captured is everything else that they use: leaves but for constants, nodes
/// made before `since`, and what binds a size without depending on the parameters, for the size is the outside's.
/// Throws ShapeError where the size of a result is known only inside.
ClosedGraph close_over(std::vector<Variable> parameters, std::span<const Variable> results, std::uint64_t since,
                       Location where);

}  // namespace theon

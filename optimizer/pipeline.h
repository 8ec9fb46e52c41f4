// The optimiser: the steps from the graph a user wrote to the graph that is compiled.
#pragma once

#include <theon/function.h>

#include "optimizer/rewrite.h"
#include "src/graph/op.h"

#include <string>
#include <vector>

namespace theon {

struct OptimizeOptions {
  /// The user's own, tried with the algebraic ones.
  std::vector<Rules> rules = {};
  /// Names of steps, of rules, or of lists of rules, to leave out.
  std::vector<std::string> disabled = {};
  /// `fast_compile` leaves out what only saves time at run time.
  Mode mode = Mode::fast_run;
  /// Compare the graph before and after every step, on random values.
  bool verify = false;
  /// Who asks, for errors.
  Location where = {};
};

/// What one step did.
struct StepRecord {
  std::string name;
  double seconds;
  std::size_t nodes_before, nodes_after;
  std::vector<Firing> firings;
};

struct Optimized {
  Graph graph;
  std::vector<StepRecord> trace;
};

/// The graph with outputs of the same values, up to rounding, and the same types; inner graphs included, composites
/// inlined. Optimising the result gives the same graph again. Rules may assume every obligation of the graph: collect
/// them before. Throws ArgumentError for rules that do not come to an end and for disabled names that nothing has,
/// InternalError for a step that changes a type.
Optimized optimize(const Graph& graph, const OptimizeOptions& options = {});

/// The same for one expression.
Variable optimize(const Variable& x, const OptimizeOptions& options = {});

}  // namespace theon

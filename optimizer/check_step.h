// What every step of the optimiser promises.
#pragma once

#include "src/graph/op.h"

#include <string>

namespace theon {

/// Throws InternalError, naming the step, unless the outputs have the types they had.
void check_types(const std::string& step, const Graph& before, const Graph& after);

/// Evaluates both graphs on random inputs, and throws InternalError, naming the step and the output, where half of the
/// digits differ, or a number has become NaN. Graphs that cannot be evaluated on random inputs pass.
void check_values(const std::string& step, const Graph& before, const Graph& after);

}  // namespace theon

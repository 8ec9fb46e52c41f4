// What a caller of function() asks for, checked.
#pragma once

#include <theon/function.h>

#include "src/graph/traversal.h"

#include <string>
#include <vector>

namespace theon::runtime {

struct Request {
  std::vector<Variable> inputs;  // leaves
  std::vector<std::shared_ptr<const Tensor>> defaults;
  std::vector<Variable> outputs;  // after the givens
  std::vector<Variable> updated;  // shared variables
  std::vector<Variable> updates;  // their new values, of their dims
  std::vector<std::string> warnings;
  std::string name;
  Location where;

  /// Outputs, then updates.
  std::vector<Variable> results() const;
};

/// Throws ArgumentError, DTypeError or ShapeError, each naming the variable and its line.
Request checked_request(std::vector<In> inputs, std::vector<Variable> outputs, const FunctionOptions& options,
                        Location where);

/// "x", or "an unnamed float32 [n, 4]"; and the line that made it.
std::string described(const Variable& x);

}  // namespace theon::runtime

// Holding a call against the reference evaluator.
#pragma once

#include "runtime/context.h"
#include "runtime/request.h"
#include "runtime/shared_state.h"

#include <span>
#include <vector>

namespace theon::runtime {

/// The graph as the user wrote it, over inputs alone: shared variables are inputs too, so that it can be evaluated for
/// the values they had when a call began.
class ReferenceCheck {
 public:
  explicit ReferenceCheck(const Request& request);

  /// Throws CheckError, at the line of the output or update, naming the worst element, where a finished call that has
  /// not been committed differs by more than rounding.
  void run(std::span<const Tensor> arguments, const std::vector<Tensor>& outputs, const Context& context,
           const SharedLease& shared) const;

 private:
  std::vector<Variable> inputs_, shared_, stands_for_shared_;
  std::vector<Variable> results_, original_;  // outputs, then updates
  std::vector<Variable> updated_;
};

/// How far two results of one dtype may be apart, relative to the largest element of the array.
double tolerance(DType dtype);

}  // namespace theon::runtime

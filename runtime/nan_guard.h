// Watching for values that are no numbers.
#pragma once

#include "runtime/observer.h"

namespace theon::runtime {

/// Throws CheckError, at the user's line, when a floating value that the step has written holds a NaN or an infinity;
/// names the variable, the element and the step.
class NanGuard : public Observer {
 public:
  void has_written(const codegen::Step& step, Context& context) override;
};

}  // namespace theon::runtime

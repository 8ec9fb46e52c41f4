// Running a program: by its entry, or step by step.
#pragma once

#include "runtime/observer.h"

namespace theon::runtime {

/// Runs all calls of the executable on a context that is prepared and started, one by one where there is an observer.
/// Throws what a step reports, at the user's line, and Cancelled when the flag is set before the point of no return.
void run(Context& context, Observer* observer = nullptr);

}  // namespace theon::runtime

// Watching for values that are no numbers.
#pragma once

#include "runtime/stepper.h"

namespace theon::runtime {

/// Throws CheckError, at the user's line, when a floating value that the step has written holds a NaN or an infinity;
/// names the variable, the element and the step.
void guard_against_nan(const codegen::Step& step, Context& context);

}  // namespace theon::runtime

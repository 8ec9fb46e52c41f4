// Running a program, step by step.
#pragma once

#include "runtime/context.h"

#include <functional>

namespace theon::runtime {

/// Called after each step, with the step.
using Observer = std::function<void(const codegen::Step&, Context&)>;

/// Runs all calls of the executable on a context that is prepared and started. Throws what a step reports, at the
/// user's line, and Cancelled when the flag is set before the point of no return.
void run(Context& context, const Observer* observer = nullptr);

}  // namespace theon::runtime

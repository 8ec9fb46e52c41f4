// Kernels on several threads.
#pragma once

#include "runtime/observer.h"

namespace theon::runtime {

/// Runs all iterations of a kernel, those of a phase in as many pieces as are worth it, each on a thread of the
/// function's team. Whether it failed: then the context has the failure of the first iteration that did.
bool fails(const KernelCall& call, Context& context, Observer* observer = nullptr);

}  // namespace theon::runtime

// Matrix products by the vendor's BLAS, on one thread.
#pragma once

#include "runtime/context.h"

namespace theon::runtime {

/// Makes the library stay on the calling thread. Once is enough; more often does no harm.
void use_one_thread();

/// result = alpha * a b [+ c]. Correct for every size, 0 included.
void run(const ContractionCall& call, Context& context);

}  // namespace theon::runtime

// Indices that a call is given or computes, before something is read with them.
#pragma once

#include "runtime/context.h"

namespace theon::runtime {

/// Throws IndexError naming the first index that lies outside of [-extent, extent), and where it stands.
void run(const IndexCall& call, const codegen::IndexStep& step, const Context& context);

}  // namespace theon::runtime

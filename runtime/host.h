// Functions on whole tensors, as a step of a call.
#pragma once

#include "runtime/context.h"

namespace theon::runtime {

/// Runs the op on the memory of its values, and binds the symbols that the sizes of its outputs say. What the op throws
/// gets the user's line and the op's name, and keeps its type where that is one of Theon's.
void run(const HostCall& call, const Apply& node, Context& context);

/// Throws the exception being handled again, as an error at `where` that names what threw it.
[[noreturn]] void rethrow_from(const std::string& what, Location where);

}  // namespace theon::runtime

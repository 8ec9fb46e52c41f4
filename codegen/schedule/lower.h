// A group of nests as a kernel of the loop language.
#pragma once

#include "codegen/schedule/group.h"
#include "codegen/schedule/schedule.h"

#include <functional>

namespace theon::codegen {

struct LoweredKernel {
  ir::Kernel kernel;
  Dim trips;  // iterations of the kernel's outermost loop
};

/// Who reads a result: nobody but the kernel that computes it, other steps, or only whoever called the function.
enum class Readers { kernel, steps, caller };

/// Results that the kernel alone reads shrink to scratch rows or registers.
LoweredKernel lower(const Group& group, const std::vector<Value>& values, const std::function<Readers(ValueId)>& readers_of, ir::Pool& pool, const Machine& machine);

LoweredKernel lower(const Scatter& scatter, const std::vector<Value>& values, ir::Pool& pool);

}  // namespace theon::codegen

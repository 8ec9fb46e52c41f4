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

/// `is_kept` says which results must reach memory; the others shrink to scratch rows or registers.
LoweredKernel lower(const Group& group, const std::vector<Value>& values, const std::function<bool(ValueId)>& is_kept, ir::Pool& pool, const Machine& machine);

LoweredKernel lower(const Scatter& scatter, const std::vector<Value>& values, ir::Pool& pool);

}  // namespace theon::codegen

// The loop language as LLVM IR. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/target.h"
#include "src/ir/loop.h"
#include "src/ir/loop_layout.h"

#include <string>

namespace llvm {
class Module;
}

namespace theon::codegen {

/// The symbol of kernel number `k` of an object.
std::string kernel_symbol(std::size_t k);

/// Adds a kernel to the module, as a function called `symbol`, and what it calls. The module must have its data layout.
/// Throws InternalError for an operation that is none on registers.
void emit(const ir::Kernel& kernel, const std::string& symbol, const ir::Layout& layout, const Target& target,
          llvm::Module& module);

}  // namespace theon::codegen

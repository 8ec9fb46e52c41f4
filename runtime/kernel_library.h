// The kernels of a program as native code.
#pragma once

#include "codegen/llvm/jit.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace theon::runtime {

class KernelLibrary {
 public:
  /// Compiles on as many threads as the machine has and the kernels are worth.
  KernelLibrary(std::span<const ir::Kernel> kernels, const ir::Layout& layout, const codegen::Target& target);

  TheonKernel at(std::size_t kernel) const { return kernels_[kernel]; }

 private:
  std::vector<codegen::NativeCode> code_;
  std::vector<TheonKernel> kernels_;
};

}  // namespace theon::runtime

// A program as native code: its kernels, and the function that runs them all.
#pragma once

#include "codegen/llvm/jit.h"

#include <vector>

namespace theon::runtime {

class KernelLibrary {
 public:
  /// Compiles on as many threads as the machine has and the kernels are worth.
  KernelLibrary(const codegen::Program& program, const codegen::Target& target);

  const std::vector<TheonKernel>& kernels() const { return kernels_; }
  /// Null where the program has neither loops nor branches: then running step by step costs no more.
  TheonEntry entry() const { return entry_.entry(); }

 private:
  std::vector<codegen::NativeCode> code_;
  std::vector<TheonKernel> kernels_;
  codegen::NativeCode entry_;
};

}  // namespace theon::runtime

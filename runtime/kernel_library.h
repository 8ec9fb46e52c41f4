// A program as native code: its kernels, and the function that runs them all.
#pragma once

#include "codegen/llvm/jit.h"
#include "runtime/object_cache.h"

#include <string>
#include <vector>

namespace theon::runtime {

/// Translates, on as many threads as the machine has and the kernels are worth.
StoredCode compiled(const codegen::Program& program, const codegen::Target& target);

class KernelLibrary {
 public:
  /// Brings into memory what `compiled` has made of the program, in this process or another.
  KernelLibrary(const codegen::Program& program, StoredCode code);

  const std::vector<TheonKernel>& kernels() const { return kernels_; }
  /// Null where the program has neither loops nor branches: then running step by step costs no more.
  TheonEntry entry() const { return entry_; }

 private:
  std::vector<codegen::NativeCode> code_;
  std::vector<TheonKernel> kernels_;
  TheonEntry entry_ = nullptr;
};

}  // namespace theon::runtime

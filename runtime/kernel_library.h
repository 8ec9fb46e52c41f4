// A program as native code: its kernels, and the function that runs them all.
#pragma once

#include "codegen/llvm/jit.h"
#include "runtime/object_cache.h"

#include <string>
#include <vector>

namespace theon::runtime {

/// Translates, on as many threads as the machine has and the kernels are worth.
StoredCode compiled(const codegen::Program& program, const codegen::Target& target);

/// Where machine code lies.
struct Code {
  std::vector<TheonKernel> kernels;  // by number
  /// Null where the program has neither loops nor branches: then running step by step costs no more.
  TheonEntry entry = nullptr;
};

class KernelLibrary {
 public:
  /// Brings into memory what `compiled` has made of the program, in this process or another.
  KernelLibrary(const codegen::Program& program, StoredCode code);

  const Code& code() const { return code_; }

 private:
  std::vector<codegen::NativeCode> memory_;
  Code code_;
};

}  // namespace theon::runtime

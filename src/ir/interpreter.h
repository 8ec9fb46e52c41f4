// The loop language, run as it is written: what compiled kernels are held against.
#pragma once

#include "src/ir/loop.h"
#include "src/ir/loop_layout.h"

#include <cstdint>
#include <span>

namespace theon::ir {

/// The memory of a call, as TheonFrame has it (codegen/abi.h).
struct KernelMemory {
  std::span<void* const> buffers;  // by slot
  const std::int64_t* symbols = nullptr;
  char* scratch = nullptr;
};

/// The first failure that a kernel reported; code 0: none.
struct KernelFailure {
  std::int32_t code = 0;
  std::int64_t first = 0, second = 0;
  bool operator==(const KernelFailure&) const = default;
};

/// Runs a kernel one statement and one iteration after the other, math calls through libm.
KernelFailure interpret(const Kernel& kernel, const Layout& layout, const KernelMemory& memory, std::int64_t begin,
                        std::int64_t end);

/// The bytes of scratch memory that one run needs: each scratch buffer in order, rounded up to 64.
std::int64_t scratch_bytes(const Kernel& kernel, const Layout& layout, const std::int64_t* symbols);

}  // namespace theon::ir

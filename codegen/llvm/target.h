// The machine that code is generated for.
#pragma once

#include <string>
#include <string_view>

namespace theon::codegen {

/// How wide the vectors of a target may be; each level has those before it.
enum class Isa { sse2, avx2, avx512, native };

/// "avx2" -> Isa::avx2. Throws ArgumentError for an unknown name.
Isa parse_isa(std::string_view name);

/// What translating may cost: as little as possible, or what makes code fast.
enum class Effort { quick, full };

struct Target {
  std::string triple;    // LLVM's name of architecture and system: "x86_64-unknown-linux-gnu"
  std::string cpu;       // LLVM's name
  std::string features;  // "+avx2,-avx512f,...", sorted
  int vector_bytes;      // of one register: 64, 32 or 16
  int stored_bytes;      // wider stores take as much longer
  int registers;         // for vectors
  bool masks;            // any vector load or store may leave out lanes at no cost
  bool fused;            // has fma
  bool half;             // converts between float16 and float32
  Effort effort = Effort::full;

  /// What an object compiled for this target depends on, LLVM's version included.
  std::string key() const;
};

/// Any board with a 64-bit ARM: NEON. Objects for it are compiled where Theon was built with THEON_AARCH64.
Target aarch64_target();

/// This machine, as wide as the environment variable THEON_ISA (avx512, avx2, sse2 or native) allows; native without
/// it. Throws ArgumentError for another value.
Target host_target();
/// This machine without what lies above `isa`. Asking for more than the machine has gives what it has.
Target host_target(Isa isa);

}  // namespace theon::codegen

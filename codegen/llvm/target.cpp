#include "codegen/llvm/target.h"

#include "src/support/check.h"

#include <llvm-c/Core.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <cstdlib>
#include <map>
#include <vector>

namespace theon::codegen {

namespace {

using Features = std::map<std::string, bool>;

/// The features above a level by which this file decides, and those that LLVM drops the rest along with.
std::vector<std::string> features_above(Isa isa) {
  switch (isa) {
    case Isa::sse2:
      return {"sse3", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512dq"};
    case Isa::avx2:
      return {"avx512f", "avx512bw", "avx512vl", "avx512dq"};
    case Isa::avx512:
    case Isa::native:
      return {};
  }
  broken_promise("the level is known", __FILE__, __LINE__);
}

/// Asked once: a virtual machine traps the instruction that tells.
const Features& host_features() {
  static const Features features = [] {
    Features all;
    for (const auto& feature : llvm::sys::getHostCPUFeatures()) all[feature.first().str()] = feature.second;
    return all;
  }();
  return features;
}

const std::string& host_name() {
  static const std::string name = llvm::sys::getHostCPUName().str();
  return name;
}

Features host_features(Isa isa) {
  Features features = host_features();
  for (const std::string& name : features_above(isa)) features[name] = false;
  return features;
}

bool has(const Features& features, const std::string& name) {
  const auto found = features.find(name);
  return found != features.end() && found->second;
}

/// Features that are on come first: one that is off takes those that build on it along.
std::string spelled(const Features& features) {
  std::string on, off;
  for (const auto& [name, present] : features) (present ? on : off) += fmt::format(",{}{}", present ? '+' : '-', name);
  const std::string all = on + off;
  return all.empty() ? all : all.substr(1);
}

}  // namespace

Isa parse_isa(std::string_view name) {
  if (name == "sse2") return Isa::sse2;
  if (name == "avx2") return Isa::avx2;
  if (name == "avx512") return Isa::avx512;
  if (name == "native") return Isa::native;
  fail<ArgumentError>({}, "instruction set '{}' is unknown; THEON_ISA is one of avx512, avx2, sse2, native", name);
}

std::string Target::key() const {
  unsigned major = 0, minor = 0, patch = 0;
  LLVMGetVersion(&major, &minor, &patch);  // of the library that runs, which need not be that of the headers
  return fmt::format("llvm-{}.{}.{} {} {} {} {} {}", major, minor, patch, triple, cpu, features, vector_bytes,
                     effort == Effort::quick ? "quick" : "full");
}

Target host_target() {
  const char* isa = std::getenv("THEON_ISA");
  return host_target(isa ? parse_isa(isa) : Isa::native);
}

Target host_target(Isa isa) {
  const Features features = host_features(isa);
  const bool wide =
      has(features, "avx512f") && has(features, "avx512bw") && has(features, "avx512vl") && has(features, "avx512dq");
  const std::string triple = llvm::sys::getProcessTriple();
  const bool is_arm = llvm::Triple(triple).isAArch64();
  const int vector_bytes = wide ? 64 : has(features, "avx2") ? 32 : 16;
  return {.triple = triple,
          .cpu = host_name(),
          .features = spelled(features),
          .vector_bytes = vector_bytes,
          // Zen 4 computes on whole registers, and stores halves of them.
          .stored_bytes = host_name() == "znver4" ? std::min(vector_bytes, 32) : vector_bytes,
          .registers = wide     ? 32
                       : is_arm ? aarch64_target().registers
                                : 16,
          .masks = wide,
          .fused = is_arm || has(features, "fma"),
          .half = is_arm || has(features, "f16c")};
}

Target aarch64_target() {
  return {.triple = "aarch64-unknown-linux-gnu",
          .cpu = "generic",
          .features = "+neon",
          .vector_bytes = 16,
          .stored_bytes = 16,
          // Of 32: no instruction multiplies what is in memory, and LLVM loads two numbers before it multiplies them.
          .registers = 30,
          .masks = false,
          .fused = true,
          .half = true};
}

}  // namespace theon::codegen

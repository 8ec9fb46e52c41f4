// Scratch memory that registers replace.
#include "codegen/llvm/jit.h"
#include "tests/codegen/llvm/trial.h"

#include <catch2/catch.hpp>

namespace theon::test {

namespace {

bool uses_stack(const Trial& trial) {
  return codegen::assembly(std::span(&trial.kernel, 1), trial.layout, codegen::host_target()).find("(%rsp") != std::string::npos;
}

}  // namespace

TEST_CASE("few elements at known places lie in registers, others in memory") {
  const DType dtype = GENERATE(DType::float32, DType::float64);
  CHECK_FALSE(uses_stack(known_places(dtype)));
  CHECK(uses_stack(chosen_places(dtype)));
}

}  // namespace theon::test

#include "codegen/llvm/jit.h"
#include "tests/codegen/llvm/trial.h"

#include <catch2/catch.hpp>

namespace theon::test {

namespace {

void check_agreement(const Trial& trial, codegen::Isa isa, codegen::Effort effort = codegen::Effort::full) {
  ir::check(trial.kernel);
  codegen::Target target = codegen::host_target(isa);
  target.effort = effort;
  const codegen::NativeCode code = codegen::compile(std::span(&trial.kernel, 1), trial.layout, target);
  Random random(1);
  for (const std::int64_t n : trial_sizes) {
    for (const std::int64_t m : {std::int64_t{37}, n}) {
      INFO(trial.kernel.name << " for n = " << n << ", m = " << m << "\n" << to_string(trial.kernel));
      const std::vector<Array> data = trial.data(n, m, random);
      const Outcome expected = interpreted(trial, data, n, m);
      const Outcome actual = called(code.kernel(trial.kernel.name), trial, data, n, m);
      CHECK(difference(actual, expected) == "");
    }
  }
}

void merge_tails(ir::Block& block) {
  for (ir::Statement& statement : block) {
    if (auto* loop = std::get_if<ir::For>(&statement.node)) {
      if (loop->lanes > 1) loop->tail = ir::Tail::merged;
      merge_tails(loop->body);
    } else if (auto* branch = std::get_if<ir::If>(&statement.node)) {
      merge_tails(branch->then);
      merge_tails(branch->otherwise);
    }
  }
}

}  // namespace

TEST_CASE("native code computes what the interpreter computes, whatever the instruction set") {
  const auto [name, isa] = GENERATE(table<const char*, codegen::Isa>({{"avx512", codegen::Isa::avx512}, {"avx2", codegen::Isa::avx2}, {"sse2", codegen::Isa::sse2}}));
  DYNAMIC_SECTION(name) {
    for (const Trial& trial : all_trials()) check_agreement(trial, isa);
  }
}

TEST_CASE("code that is translated quickly computes what the interpreter computes") {
  for (const codegen::Isa isa : {codegen::Isa::native, codegen::Isa::sse2})
    for (const Trial& trial : all_trials()) check_agreement(trial, isa, codegen::Effort::quick);
}

TEST_CASE("loops with a merged tail compute what the interpreter computes") {
  for (Trial& trial : all_trials()) {
    merge_tails(trial.kernel.body);
    check_agreement(trial, codegen::Isa::native);
  }
}

}  // namespace theon::test

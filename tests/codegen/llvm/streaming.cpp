// Stores past the caches.
#include "codegen/llvm/jit.h"
#include "tests/codegen/llvm/trial.h"

#include <catch2/catch.hpp>

namespace theon::test {

namespace {

using namespace ir;

std::int64_t size_n(std::int64_t n, std::int64_t) { return n; }

/// out[i] = x[i] + 1 in vectors of 16 bytes, which every array is aligned to; stored past the caches from so many on, never for 0.
Trial increment(DType dtype, std::int64_t streams_from) {
  Trial trial("increment");
  const std::int64_t x = trial.buffer(dtype, Access::read, size_n), out = trial.buffer(dtype, Access::write, size_n);
  const Local i = trial.new_local();
  const int lanes = 16 / static_cast<int>(size_of(dtype));
  const Expr streams = streams_from > 0 ? trial.n_value() >= streams_from : Expr();
  trial.kernel.body = {{For{i, trial.local(0), trial.local(1), lanes, 2, {{Store{out, trial.local(i), trial.load(x, trial.local(i)) + 1}}}, Tail::apart, streams}}};
  return trial;
}

bool streams(const Trial& trial) {
  return codegen::assembly(std::span(&trial.kernel, 1), trial.layout, codegen::host_target()).find("movnt") != std::string::npos;
}

}  // namespace

TEST_CASE("only a loop that is told to stores past the caches") {
  CHECK(streams(increment(DType::float32, 1000)));
  CHECK_FALSE(streams(increment(DType::float32, 0)));
}

TEST_CASE("loops that store past the caches, or are too short for it, compute what the interpreter computes") {
  const DType dtype = GENERATE(DType::int8, DType::int32, DType::float32, DType::float64);
  const Trial trial = increment(dtype, 30);
  const codegen::NativeCode code = codegen::compile(std::span(&trial.kernel, 1), trial.layout, codegen::host_target());
  Random random(1);
  for (const std::int64_t n : trial_sizes) {
    INFO(name(dtype) << ", n = " << n);
    const std::vector<Array> data = trial.data(n, n, random);
    CHECK(difference(called(code.kernel(trial.kernel.name), trial, data, n, n), interpreted(trial, data, n, n)) == "");
  }
}

TEST_CASE("memory that is not aligned to vectors is stored to without faults") {
  const Trial trial = increment(DType::float32, 1);
  const codegen::NativeCode code = codegen::compile(std::span(&trial.kernel, 1), trial.layout, codegen::host_target());
  alignas(64) float x[64], y[64] = {};
  for (int i = 0; i < 64; ++i) x[i] = static_cast<float>(i);
  for (int first = 0; first < 4; ++first) {
    void* buffers[] = {x, y + first};
    std::int64_t symbols[] = {60, 60};
    TheonFailure failure{};
    const std::int32_t cancel = 0;
    const TheonFrame frame{buffers, symbols, nullptr, &failure, &cancel, nullptr, nullptr, nullptr, 0};
    CHECK(code.kernel(trial.kernel.name)(&frame, 0, 60) == 0);
    for (int i = 0; i < 60; ++i) CHECK(y[first + i] == x[i] + 1);
  }
}

}  // namespace theon::test

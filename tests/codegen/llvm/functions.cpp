// Functions that kernels call, against the same functions expanded in place and against libm.
#include "codegen/llvm/jit.h"
#include "codegen/math/expand.h"
#include "tests/codegen/llvm/trial.h"

#include <catch2/catch.hpp>

#include <cmath>

namespace theon::test {

namespace {

using namespace ir;
using codegen::math::Functions;

constexpr Opcode functions[] = {Opcode::exp, Opcode::expm1, Opcode::log, Opcode::log1p, Opcode::sin, Opcode::cos, Opcode::tanh, Opcode::erf, Opcode::pow};

std::int64_t size_n(std::int64_t n, std::int64_t) { return n; }

/// out[i] = value(x[i], y[i])
Trial map(DType dtype, int lanes, int unroll, Functions how, const std::function<Expr(Expr x, Expr y)>& value) {
  Trial trial("map");
  const std::int64_t x = trial.buffer(dtype, Access::read, size_n), y = trial.buffer(dtype, Access::read, size_n);
  const std::int64_t out = trial.buffer(dtype, Access::write, size_n);
  const Local i = trial.new_local();
  const Expr result = codegen::math::expand(value(trial.load(x, trial.local(i)), trial.load(y, trial.local(i))), how);
  trial.kernel.body = {{For{i, trial.local(0), trial.local(1), lanes, unroll, {{Store{out, trial.local(i), result}}}}}};
  return trial;
}

Outcome run(const Trial& trial, const std::vector<Array>& data, std::int64_t n, codegen::Isa isa) {
  const codegen::NativeCode code = codegen::compile(std::span(&trial.kernel, 1), trial.layout, codegen::host_target(isa));
  return called(code.kernel(trial.kernel.name), trial, data, n, n);
}

Expr apply(Opcode op, Expr x, Expr y) { return op == Opcode::pow ? pow(x, y) : x->pool->make(op, {x}, x->dtype); }

constexpr std::int64_t n = 85;

}  // namespace

TEST_CASE("a function that is called computes bit for bit what it computes in place") {
  const codegen::Isa isa = GENERATE(codegen::Isa::avx512, codegen::Isa::avx2, codegen::Isa::sse2);
  const DType dtype = GENERATE(DType::float32, DType::float64);
  const auto [lanes, unroll] = GENERATE(std::pair{1, 1}, std::pair{4, 1}, std::pair{16, 2});
  Random random(1);
  for (const Opcode op : functions) {
    INFO(name(op) << " of " << name(dtype) << " in " << lanes << " lanes");
    const auto value = [&](Expr x, Expr y) { return apply(op, x, y); };
    const Trial called = map(dtype, lanes, unroll, Functions::called, value), in_place = map(dtype, lanes, unroll, Functions::in_place, value);
    const std::vector<Array> data = called.data(n, n, random);
    CHECK(difference(run(called, data, n, isa), run(in_place, data, n, isa)) == "");
  }
}

TEST_CASE("values that live across calls survive them") {
  const codegen::Isa isa = GENERATE(codegen::Isa::avx512, codegen::Isa::avx2, codegen::Isa::sse2);
  // Differences and products of whole numbers are exact, and so is what is rounded to one: more of them than there are registers stay alive until the end.
  const auto value = [](Expr x, Expr y) {
    std::vector<Expr> alive;
    Expr number = round(x);
    for (int k = 0; k < 40; ++k) {
      alive.push_back(number - k);
      number = round(tanh(number * 0.5) * 4 + y - y) + k;
    }
    for (const Expr each : alive) number = max(number, each) - min(number, each);
    return number;
  };
  Random random(2);
  const Trial trial = map(DType::float32, 16, 1, Functions::called, value);
  const std::vector<Array> data = trial.data(n, n, random);
  CHECK(difference(run(trial, data, n, isa), interpreted(trial, data, n, n)) == "");
}

}  // namespace theon::test

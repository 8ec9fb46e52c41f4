// Functions that kernels call, against the same functions expanded in place and against libm.
#include "codegen/llvm/jit.h"
#include "codegen/math/expand.h"
#include "codegen/math/number.h"
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
Trial map(DType dtype, int lanes, int unroll, codegen::math::Forms how, const std::function<Expr(Expr x, Expr y)>& value) {
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
    const Trial called = map(dtype, lanes, unroll, Functions::called, value), in_place = map(dtype, lanes, unroll, {Functions::in_place, codegen::host_target(isa).masks}, value);
    const std::vector<Array> data = called.data(n, n, random);
    CHECK(difference(run(called, data, n, isa), run(in_place, data, n, isa)) == "");
  }
}

TEST_CASE("numbers of all bits are taken apart, scaled and looked up as the interpreter does") {
  if (!codegen::host_target().masks) return;
  const auto [floating, integer] = GENERATE(std::pair{DType::float32, DType::uint32}, std::pair{DType::float64, DType::uint64});
  const auto [lanes, unroll] = GENERATE(std::pair{1, 1}, std::pair{4, 1}, std::pair{8, 2}, std::pair{16, 1}, std::pair{32, 1});
  Trial trial("parts");
  const Local i = trial.new_local();
  const Expr hash = trial.local(i) * trial.integer(0x1e3779b97f4a7c15);
  const Expr bits = convert(hash ^ (hash >> 29), integer), x = bitcast(bits, floating);
  // Some are as large or as small as can be, others zero; scales go beyond both ends of the range.
  const Expr shifted = bitcast((bits >> 1) & convert(trial.local(i), integer), floating);
  const Expr by = convert(trial.local(i) * 13 - 4400, floating) * 0.5;
  const Expr special = bitcast(bits & codegen::math::pattern(x, codegen::math::format(x).sign_mask() | codegen::math::format(x).exponent_mask()), floating);
  codegen::math::Table table;
  for (std::size_t k = 0; k < table.size(); ++k) table[k] = static_cast<double>(k * k) - 3.5;
  Block body;
  for (const Expr result : {exponent(x), exponent(shifted), exponent(special), mantissa(x), mantissa(shifted), mantissa(special), scale(x, by), scale(shifted, by), scale(special, by),
                            scale(1 + exponent(special) * 0, by), exponent(x - x), mantissa(x * 0), mantissa(-(x * 0)), mantissa(abs(x) / 0), exponent(x / 0), codegen::math::lookup(bits, x, table)}) {
    const std::int64_t out = trial.buffer(floating, Access::write, size_n);
    body.push_back({Store{out, trial.local(i), result}});
  }
  trial.kernel.body = {{For{i, trial.local(0), trial.local(1), lanes, unroll, body}}};
  constexpr std::int64_t many = 701;
  Random random(3);
  const std::vector<Array> data = trial.data(many, many, random);
  CHECK(difference(run(trial, data, many, codegen::Isa::avx512), interpreted(trial, data, many, many)) == "");
}

TEST_CASE("a table is one lookup, and selects by other bits are none") {
  ir::Pool pool;
  const Expr index = pool.argument(0, DType::uint64), x = pool.argument(1, DType::float64);
  codegen::math::Table table{};
  for (std::size_t k = 0; k < table.size(); ++k) table[k] = static_cast<double>(k / 3);  // some neighbours are equal
  const std::optional<codegen::math::Lookup> found = codegen::math::looked_up(*codegen::math::lookup(index, x, table));
  REQUIRE(found);
  CHECK(same(found->index, index));
  for (std::size_t k = 0; k < table.size(); ++k) CHECK(std::bit_cast<double>(found->table[k]) == table[k]);
  CHECK(!codegen::math::looked_up(*select((index & 8) != 0, x, 1)));
  CHECK(!codegen::math::looked_up(*select((index & 4) != 0, pool.literal(DType::float64, 1.0), 2)));
  CHECK(!codegen::math::looked_up(*select((index & 8) != 0, select((index & 3) != 0, pool.literal(DType::float64, 1.0), 2), 3)));
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

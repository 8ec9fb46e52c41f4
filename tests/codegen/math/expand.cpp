#include "codegen/math/expand.h"

#include "src/ir/semantics.h"
#include "tests/codegen/math/blocks.h"

#include <catch2/catch.hpp>

using namespace theon;
using namespace theon::test;
using codegen::math::cost;
using codegen::math::expand;
using ir::Expr;
using ir::Opcode;

namespace {

std::size_t count(std::span<const Expr> roots) { return ir::postorder(roots).size(); }

bool has_function(Expr root) {
  for (const Expr e : ir::postorder(std::span(&root, 1)))
    if (e->op == Opcode::pow || (e->op >= Opcode::exp && e->op <= Opcode::erf)) return true;
  return false;
}

}  // namespace

TEST_CASE("what has no function is left alone") {
  ir::Pool pool;
  const Expr x = pool.argument(0, DType::float32);
  const Expr sum = sqrt(x) * 2 + pool.load(3, DType::float32, std::vector{pool.literal(7)});
  CHECK(same(expand(sum), sum));
}

TEST_CASE("functions of functions are expanded, inside a load's index as well") {
  ir::Pool pool;
  const Expr x = pool.argument(0, DType::float64);
  const Expr index = convert(exp(log(x)), DType::int64);
  const Expr y = pow(tanh(sin(x)), x) + pool.load(0, DType::float64, std::vector{index});
  CHECK(has_function(y));
  CHECK_FALSE(has_function(expand(y)));
}

TEST_CASE("functions that are called remain, those of float16 on float32; products and roots do not") {
  ir::Pool pool;
  const Expr x = pool.argument(0, DType::float32), h = pool.argument(1, DType::float16);
  const auto called = [](Expr e) { return expand(e, codegen::math::Functions::called); };
  CHECK(same(called(exp(x) + 1), exp(x) + 1));
  CHECK(same(called(pow(x, 2.5)), pow(x, 2.5)));
  CHECK(same(called(exp(h)), convert(exp(convert(h, DType::float32)), DType::float16)));
  CHECK_FALSE(has_function(called(pow(x, 3))));
  CHECK_FALSE(has_function(called(pow(pool.argument(2, DType::int32), pool.argument(3, DType::int32)))));
}

TEST_CASE("a few functions are computed in place, many are called") {
  ir::Pool pool;
  Expr x = pool.argument(0, DType::float32);
  const Expr few = tanh(x) / (1 + exp(-x)) + exp(-x * x);
  for (int k = 0; k < 12; ++k) x = exp(x) + tanh(x);
  CHECK(codegen::math::best_for(std::span(&few, 1), Math::strict).functions == codegen::math::Functions::in_place);
  CHECK(codegen::math::best_for(std::span(&x, 1), Math::strict).functions == codegen::math::Functions::called);
}

TEST_CASE("what is rarely needed costs nothing") {
  ir::Pool pool;
  const Expr x = pool.argument(0, DType::float64), sine = expand(sin(x));
  CHECK(cost(sin(x)) < 50);
  CHECK(count(std::span(&sine, 1)) > 150);
}

TEST_CASE("a root that divides several times is inverted once, one of a half not") {
  ir::Pool pool;
  const Expr x = pool.argument(0, DType::float64), h = pool.argument(1, DType::float16), root = sqrt(x);
  CHECK(same(expand(x / root / root), x * (1 / root) * (1 / root)));
  CHECK(same(expand(x / root), x / root));
  CHECK(same(expand(h / sqrt(h) / sqrt(h)), h / sqrt(h) / sqrt(h)));
}

TEST_CASE("sin and cos of one operand share the reduction") {
  ir::Pool pool;
  const Expr x = pool.argument(0, DType::float64);
  const std::vector<Expr> both = expand(std::vector{sin(x), cos(x)});
  CHECK(4 * count(both) < 5 * count(std::span(both).first(1)));
}

TEST_CASE("functions of float16 and bfloat16 are rounded once from float32") {
  const DType dtype = GENERATE(DType::float16, DType::bfloat16);
  const Opcode op = GENERATE(Opcode::exp, Opcode::log, Opcode::tanh, Opcode::sin, Opcode::erf);
  Bits all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  ir::Pool pool;
  const Bits results = evaluated(expand(pool.make(op, {pool.argument(0, dtype)}, dtype)), std::span(&all, 1));
  std::size_t wrong = 0;
  for (const std::uint64_t bits : all) {
    const auto number = [&](std::uint64_t pattern) { return ir::convert(ir::Value{dtype, pattern}, DType::float64).as<double>(); };
    const std::uint64_t nearest = ir::operation(op, dtype, dtype)(&bits);
    const bool are_nan = std::isnan(number(nearest)) && std::isnan(number(results[bits]));
    wrong += !are_nan && nearest != results[bits] && nearest + 1 != results[bits] && nearest - 1 != results[bits];
  }
  CHECK(wrong == 0);
}

TEST_CASE("the cost of a function is the number of operations it expands to") {
  ir::Pool pool;
  const Expr x = pool.argument(0, DType::float32), y = pool.argument(1, DType::float32);
  const Expr half = pool.argument(2, DType::float16), wide = pool.argument(3, DType::float64);
  CHECK(cost(x + y) == 1);
  CHECK(cost(pool.make(Opcode::bitcast, {x}, DType::uint32)) == 0);
  CHECK(cost(exp(x)) == 20);
  CHECK(cost(exp(half)) == 22);
  CHECK(cost(log(wide)) == cost(log(wide + 1)));
  CHECK(cost(pow(x, 10)) == 4);
  CHECK(cost(pow(wide, 3)) == 2);
  CHECK(cost(pow(x, y)) > 40);
}

TEST_CASE("a root that is the same for a whole row is inverted, one that is not divides") {
  ir::Pool pool;
  const Expr i = pool.local(2, DType::int64), row = pool.local(3, DType::int64), total = pool.local(4, DType::float32);
  const Expr x = pool.load(0, DType::float32, {{i}}), scale = pool.load(1, DType::float32, {{row}});
  CHECK(same(codegen::math::expand(x / sqrt(total)), x * (1 / sqrt(total))));
  CHECK(same(codegen::math::expand(x / sqrt(scale)), x * (1 / sqrt(scale))));
  CHECK(same(codegen::math::expand(x / sqrt(x + 1)), x / sqrt(x + 1)));
}

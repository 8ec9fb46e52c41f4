// pow against the long double of libm.
#include "codegen/math/expand.h"
#include "src/ir/semantics.h"
#include "tests/codegen/math/blocks.h"

#include <catch2/catch.hpp>
#include <random>

using namespace theon;
using namespace theon::test;
using ir::Expr;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Pairs {
  Bits x, y;

  void add(DType dtype, double base, double exponent) {
    x.push_back(to_bits(dtype, base));
    y.push_back(to_bits(dtype, exponent));
  }
};

double worst_of(Expr expanded, const Pairs& pairs) {
  const DType dtype = expanded->dtype;
  const Bits results = evaluated(expanded, std::vector{pairs.x, pairs.y});
  double worst = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const long double exact = std::pow(static_cast<long double>(to_double(dtype, pairs.x[i])), static_cast<long double>(to_double(dtype, pairs.y[i])));
    worst = std::max(worst, units_off(dtype, to_double(dtype, results[i]), exact));
  }
  return worst;
}

double worst_of_literal(DType dtype, double exponent, const Pairs& pairs) {
  ir::Pool pool;
  return worst_of(codegen::math::expand(pow(pool.argument(0, dtype), exponent)), pairs);
}

/// Bases whose powers fill the range of the dtype, for each of the exponents.
Pairs pairs_in_range(DType dtype, std::size_t count) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> unit(-1, 1);
  const double largest = dtype == DType::float32 ? 150 : 1070;
  Pairs pairs;
  for (std::size_t i = 0; i < count; ++i) {
    const double exponent = std::ldexp(unit(random), static_cast<int>(random() % 20) - 9);
    pairs.add(dtype, std::exp2(std::clamp(largest * unit(random) / exponent, -largest, largest)), exponent);
  }
  return pairs;
}

}  // namespace

TEST_CASE("pow is accurate over the whole range") {
  ir::Pool pool;
  const auto [dtype, bound] = GENERATE(std::pair(DType::float32, 0.65), std::pair(DType::float64, 1.2));
  const Expr expanded = codegen::math::expand(pow(pool.argument(0, dtype), pool.argument(1, dtype)));
  const Pairs pairs = pairs_in_range(dtype, 100000);
  CHECK(worst_of(expanded, pairs) <= bound);
  CHECK(worst_of(contracted(expanded), pairs) <= bound);
}

TEST_CASE("pow has the special cases of C99") {
  const DType dtype = GENERATE(DType::float32, DType::float64);
  const double tiny = dtype == DType::float32 ? 0x1p-149 : 0x1p-1074, huge = dtype == DType::float32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
  std::vector<double> values;
  for (const double x : {0.0, tiny, 0x1p-60, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 31.0, 64.0, 0x1p23 + 1, 0x1p40, huge, infinity}) {
    values.push_back(x);
    values.push_back(-x);
  }
  values.push_back(not_a_number);
  ir::Pool pool;
  const Expr general = codegen::math::expand(pow(pool.argument(0, dtype), pool.argument(1, dtype)));
  for (const double y : values) {
    Pairs pairs;
    for (const double x : values) pairs.add(dtype, x, y);
    INFO("exponent " << y);
    CHECK(worst_of(general, pairs) <= 1.2);
    CHECK(worst_of_literal(dtype, y, pairs) <= (y == std::round(y) && 4 < y && y <= 16 ? y - 1 : 2.5));
  }
}

TEST_CASE("pow with a small literal exponent is exact enough") {
  const DType dtype = GENERATE(DType::float32, DType::float64);
  std::mt19937_64 random(3);
  for (const double exponent : {2.0, -1.0, 0.5, 3.0, 4.0, -2.0, -3.0, -4.0, -0.5, 5.0, 7.0, 10.0, 16.0, 17.0, -12.0, 31.0, 64.0, -64.0}) {
    std::uniform_real_distribution<double> logarithm(-1, 1);
    const double range = (dtype == DType::float32 ? 148 : 1070) / std::max(std::abs(exponent), 1.2);
    Pairs pairs;
    for (int i = 0; i < 4000; ++i) pairs.add(dtype, (random() % 2 || exponent != std::round(exponent) ? 1 : -1) * std::exp2(range * logarithm(random)), exponent);
    INFO("exponent " << exponent);
    const bool is_product = 2 < exponent && exponent <= 16;
    const double bound = is_product ? exponent - 1 : exponent == 2 || exponent == -1 || exponent == 0.5 ? 0.5001 : std::abs(exponent) <= 4 ? 2.5 : 0.51;
    CHECK(worst_of_literal(dtype, exponent, pairs) <= bound);
  }
}

TEST_CASE("powers with small literal exponents are as many products as squaring takes") {
  ir::Pool pool;
  const Expr x = pool.argument(0, GENERATE(DType::float32, DType::float64));
  const auto operations = [&](int n) {
    const Expr power = codegen::math::expand(pow(x, n));
    return ir::postorder(std::span(&power, 1)).size() - 1;
  };
  CHECK(operations(8) == 3);
  CHECK(operations(10) == 4);
  CHECK(operations(15) == 6);
  CHECK(same(codegen::math::expand(pow(x, 2)), x * x));
  CHECK(same(codegen::math::expand(pow(x, 3)), x * x * x));
  CHECK(same(codegen::math::expand(pow(x, -1)), 1 / x));
}

TEST_CASE("the power of integers wraps, and is the truncated quotient for negative exponents") {
  const DType dtype = GENERATE(DType::int8, DType::uint8, DType::int64);
  std::mt19937_64 random(4);
  std::vector<Bits> operands(2);
  const std::uint64_t mask = dtype == DType::int64 ? ~std::uint64_t{0} : 0xff;
  for (std::uint64_t i = 0; i < 65536; ++i) {
    operands[0].push_back((dtype == DType::int64 ? i % 256 - 128 : i) & mask);
    operands[1].push_back((dtype == DType::int64 ? random() >> (random() % 64) : i >> 8) & mask);
  }
  ir::Pool pool;
  const Bits powers = evaluated(codegen::math::expand(pow(pool.argument(0, dtype), pool.argument(1, dtype))), operands);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < powers.size(); ++i) {
    const std::uint64_t args[] = {operands[0][i], operands[1][i]};
    wrong += powers[i] != ir::operation(ir::Opcode::pow, dtype, dtype)(args);
  }
  CHECK(wrong == 0);
}

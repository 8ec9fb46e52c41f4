// The functions of one operand against libm: those of float32 against double, those of float64 against the 64 bits of an x87 long double.
#include "codegen/math/expand.h"
#include "tests/codegen/math/blocks.h"

#include <catch2/catch.hpp>
#include <functional>
#include <ostream>
#include <random>

using namespace theon;
using namespace theon::test;
using ir::Expr;
using ir::Opcode;

namespace {

struct Function {
  Opcode op;
  std::function<long double(long double)> exact;
  double bound_float32, bound_float64;
};

// The bounds are those that docs and expand.h promise.
const std::vector<Function> functions = {
    {Opcode::exp, [](long double x) { return std::exp(x); }, 0.9, 0.88},
    {Opcode::expm1, [](long double x) { return std::expm1(x); }, 0.89, 1.23},
    {Opcode::log, [](long double x) { return std::log(x); }, 0.96, 1.3},
    {Opcode::log1p, [](long double x) { return std::log1p(x); }, 0.96, 1.3},
    {Opcode::sin, [](long double x) { return std::sin(x); }, 1.55, 1.55},
    {Opcode::cos, [](long double x) { return std::cos(x); }, 1.55, 1.55},
    {Opcode::tanh, [](long double x) { return std::tanh(x); }, 2.43, 1.63},
    {Opcode::erf, [](long double x) { return std::erf(x); }, 0.99, 1.57},
};

struct Worst {
  double units = 0;
  double at = 0;
};

/// The truth; for float32 that of double.
long double truth(const Function& f, DType dtype, double x) {
  // Only a long double of more digits than a double can judge float64.
  static_assert(std::numeric_limits<long double>::digits >= 64);
  return dtype == DType::float32 ? static_cast<long double>(f.exact(x)) : f.exact(x);
}

Worst worst_of(const Function& f, DType dtype, Expr expanded, const Bits& points) {
  const Bits results = evaluated(expanded, std::span(&points, 1));
  Worst worst;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = to_double(dtype, points[i]);
    const double units = units_off(dtype, to_double(dtype, results[i]), truth(f, dtype, x));
    if (units > worst.units) worst = {units, x};
  }
  return worst;
}

/// All signs and exponents alike.
Bits all_magnitudes(DType dtype, std::size_t count, std::mt19937_64& random) {
  const int shift = dtype == DType::float32 ? 32 : 0;
  const std::uint64_t stride = std::numeric_limits<std::uint64_t>::max() / count;
  Bits points;
  for (std::size_t i = 0; i < count; ++i) points.push_back((i * stride + random() % stride) >> shift);
  return points;
}

Bits uniform(DType dtype, double low, double high, std::size_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<double> between(low, high);
  Bits points;
  for (std::size_t i = 0; i < count; ++i) points.push_back(to_bits(dtype, between(random)));
  return points;
}

/// Where functions change their ways or come to an end, and where they are least exact, with the neighbours on either side.
Bits corners(DType dtype) {
  const double tiny = dtype == DType::float32 ? 0x1p-149 : 0x1p-1074, normal = dtype == DType::float32 ? 0x1p-126 : 0x1p-1022;
  const double huge = dtype == DType::float32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
  Bits points;
  for (const double x : {0.0, tiny, 3 * tiny, normal, 1.5 * normal, 0x1p-60, 0x1p-30, 0x1p-12, 0.25, 0.3465735902799726, 0.5, 0.7071067811865476, 0.75, 1.0, 1.25, 1.4142135623730951,
                         1.5, 2.0, 2.718281828459045, 3.141592653589793, 3.9, 4.0, 5.9, 6.0, 9.02, 17.3, 18.0, 19.1, 37.5, 0x1p14, 0x1p25, 0x1p52, 0x1p60, 87.33654475, 88.72283905206835, 89.0,
                         103.97207708399179, 104.0, 708.3964185322641, 709.782712893384, 745.1332191019412, 746.0, 0x1p100, huge / 2, huge,
                         0x1.765026p+2, 0x1.6c467ep-2, 0x1.7fd6dp-2, 0x1.401498p-1, 0x1.fd0794p-8, 0x1.fda8fep-1, 0x1.03f602d8d5866p+7, 0x1.7fee7dca7a6ap-2,
                         0x1.3df17d46f75d9p+0, 0x1.fde566cabff85p-6, 0x1.633620e155d92p-2, 0x1.7bafd1fd988ecp-2, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    const std::uint64_t bits = to_bits(dtype, x), sign = to_bits(dtype, -0.0);
    for (const std::uint64_t neighbour : {bits, bits + 1, bits == 0 ? bits : bits - 1}) {
      points.push_back(neighbour);
      points.push_back(neighbour | sign);
    }
  }
  return points;
}

Expr expanded_call(ir::Pool& pool, Opcode op, DType dtype, bool tables = false) { return codegen::math::definition(op, dtype, pool, tables); }

}  // namespace

namespace theon {
std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name(dtype); }
}  // namespace theon

TEST_CASE("a function is as accurate as promised, fused or not") {
  const DType dtype = GENERATE(DType::float32, DType::float64);
  const bool tables = GENERATE(false, true);
  std::mt19937_64 random(1);
  Bits points = corners(dtype);
  for (const Bits& more : {all_magnitudes(dtype, 60000, random), uniform(dtype, -2, 2, 60000, random), uniform(dtype, -110, 110, 30000, random)})
    points.insert(points.end(), more.begin(), more.end());
  for (const Function& f : functions) {
    ir::Pool pool;
    const Expr expanded = expanded_call(pool, f.op, dtype, tables);
    for (const Expr form : {expanded, contracted(expanded)}) {
      const Worst worst = worst_of(f, dtype, form, points);
      INFO(name(f.op) << " of " << dtype << (tables ? " with tables" : "") << " at " << worst.at << ": " << worst.units);
      CHECK(worst.units <= (dtype == DType::float32 ? f.bound_float32 : f.bound_float64));
    }
  }
}

TEST_CASE("a division by a literal is rounded once on machines with tables") {
  const DType dtype = GENERATE(DType::float32, DType::float64);
  std::mt19937_64 random(7);
  Bits points = corners(dtype);
  for (const Bits& more : {all_magnitudes(dtype, 20000, random), uniform(dtype, -2, 2, 20000, random)}) points.insert(points.end(), more.begin(), more.end());
  for (const double divisor : {1.4142135623730951, 3.0, -7.0, 10.0, 49.0, 0.1, -0.25, 1e-9, 12345.678, 1.9999998807907104, 0x1p49}) {
    ir::Pool pool;
    const Expr x = pool.argument(0, dtype);
    const Expr exact = x / divisor, multiplied = codegen::math::expand(exact, {codegen::math::Functions::in_place, true});
    CHECK(multiplied->op != Opcode::div);
    const Bits wanted = evaluated(exact, std::span(&points, 1)), found = evaluated(multiplied, std::span(&points, 1));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const bool both_nan = std::isnan(to_double(dtype, found[i])) && std::isnan(to_double(dtype, wanted[i]));
      wrong += found[i] != wanted[i] && !both_nan;
    }
    INFO(name(dtype) << " / " << divisor);
    CHECK(wrong == 0);
  }
}

TEST_CASE("the reciprocal of a square root takes no division on machines with tables, and is as exact as with one") {
  const DType dtype = GENERATE(DType::float32, DType::float64);
  std::mt19937_64 random(11);
  Bits points = corners(dtype);
  for (const Bits& more : {all_magnitudes(dtype, 60000, random), uniform(dtype, 1, 4, 60000, random)}) points.insert(points.end(), more.begin(), more.end());
  const Function rsqrt{Opcode::sqrt, [](long double x) { return 1 / std::sqrt(x); }, 1.06, 1.02};
  ir::Pool pool;
  const Expr divided = 1 / sqrt(pool.argument(0, dtype)), expanded = codegen::math::expand(divided, {codegen::math::Functions::in_place, true});
  for (const Expr e : ir::postorder(std::span(&expanded, 1))) CHECK((e->op != Opcode::div && e->op != Opcode::sqrt));
  for (const Expr form : {expanded, contracted(expanded)}) {
    const Worst worst = worst_of(rsqrt, dtype, form, points);
    INFO(name(dtype) << " at " << worst.at << ": " << worst.units);
    CHECK(worst.units <= (dtype == DType::float32 ? rsqrt.bound_float32 : rsqrt.bound_float64));
  }
  CHECK(worst_of(rsqrt, dtype, divided, points).units <= 1.5);
}

TEST_CASE("sin and cos know pi to the last bit of the largest arguments") {
  // The float64 nearest to a multiple of pi/2 (J.-M. Muller, Elementary Functions, table 11.1), and large powers of two.
  const double x = GENERATE(0x1.6ac5b262ca1ffp+849, 0x1p1023, 0x1p300, 0x1.921fb54442d18p+30, 0x1.fffffffffffffp1023);
  ir::Pool pool;
  const std::vector<Bits> point{{std::bit_cast<std::uint64_t>(x)}};
  CHECK(units_off(DType::float64, to_double(DType::float64, evaluated(expanded_call(pool, Opcode::sin, DType::float64), point)[0]), std::sin(static_cast<long double>(x))) <= 1);
  CHECK(units_off(DType::float64, to_double(DType::float64, evaluated(expanded_call(pool, Opcode::cos, DType::float64), point)[0]), std::cos(static_cast<long double>(x))) <= 1);
}

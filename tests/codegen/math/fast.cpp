// What Math::fast promises: four units where operands and results are normal numbers, and the special values.
#include "codegen/math/expand.h"
#include "tests/codegen/math/blocks.h"

#include <catch2/catch.hpp>
#include <functional>
#include <random>

using namespace theon;
using namespace theon::test;
using codegen::math::Functions;
using ir::Expr;
using ir::Opcode;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double bound = 4;

struct Function {
  std::string name;
  std::function<Expr(Expr)> build;
  std::function<long double(long double)> exact;
};

const std::vector<Function> functions = {
    {"exp", [](Expr x) { return exp(x); }, [](long double x) { return std::exp(x); }},
    {"expm1", [](Expr x) { return expm1(x); }, [](long double x) { return std::expm1(x); }},
    {"log", [](Expr x) { return log(x); }, [](long double x) { return std::log(x); }},
    {"log1p", [](Expr x) { return log1p(x); }, [](long double x) { return std::log1p(x); }},
    {"tanh", [](Expr x) { return tanh(x); }, [](long double x) { return std::tanh(x); }},
    {"erf", [](Expr x) { return erf(x); }, [](long double x) { return std::erf(x); }},
    {"sin", [](Expr x) { return sin(x); }, [](long double x) { return std::sin(x); }},
};

double normal_bound(DType dtype) { return dtype == DType::float32 ? 0x1p-126 : 0x1p-1022; }

Expr fast(ir::Pool& pool, const std::function<Expr(Expr)>& build, DType dtype) {
  return codegen::math::expand(build(pool.argument(0, dtype)), Functions::fast);
}

/// The largest error at operands where these and the results are normal.
double worst_of(Expr expanded, const std::function<long double(long double)>& exact, const Bits& points) {
  const DType dtype = expanded->dtype;
  const double least = normal_bound(dtype), most = dtype == DType::float32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
  const Bits results = evaluated(expanded, std::span(&points, 1));
  double worst = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = to_double(dtype, points[i]);
    const long double wanted = exact(x), size = std::abs(wanted);
    if (std::abs(x) < least || std::abs(x) > most || size < 4 * least || size > most) continue;
    const double units = units_off(dtype, to_double(dtype, results[i]), wanted);

    worst = std::max(worst, units);
  }
  return worst;
}

Bits points_of(DType dtype) {
  std::mt19937_64 random(1);
  Bits points;
  const auto add = [&](double low, double high) {
    std::uniform_real_distribution<double> between(low, high);
    for (int i = 0; i < 40'000; ++i) points.push_back(to_bits(dtype, between(random)));
  };
  add(-2, 2);
  add(-110, 110);
  add(-710, 710);
  std::uniform_real_distribution<double> exponent(dtype == DType::float32 ? -125 : -1021, dtype == DType::float32 ? 127 : 1023);
  for (int i = 0; i < 40'000; ++i) points.push_back(to_bits(dtype, (i % 2 ? 1 : -1) * std::exp2(exponent(random))));
  return points;
}

}  // namespace

TEST_CASE("a fast function is off by four units at most, fused or not") {
  const DType dtype = GENERATE(DType::float32, DType::float64);
  const Bits points = points_of(dtype);
  for (const Function& f : functions) {
    ir::Pool pool;
    const Expr expanded = fast(pool, f.build, dtype);
    for (const Expr form : {expanded, contracted(expanded)}) {
      INFO(f.name << " of " << name(dtype));
      CHECK(worst_of(form, f.exact, points) <= bound);
    }
  }
}

TEST_CASE("a fast quotient is a product with the reciprocal, which several share") {
  ir::Pool pool;
  const Expr x = pool.argument(0, DType::float64), y = pool.argument(1, DType::float64);
  const std::vector<Expr> nodes = ir::postorder(std::vector{codegen::math::expand(x / y + (x + 1) / y, Functions::fast)});
  CHECK(std::ranges::count_if(nodes, [](Expr e) { return e->op == Opcode::div; }) == 1);
  CHECK(same(codegen::math::expand(x / y, Functions::in_place), x / y));
}

TEST_CASE("fast functions have the special values of exact ones") {
  const DType dtype = GENERATE(DType::float32, DType::float64);
  const double huge = dtype == DType::float32 ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
  const std::vector<double> special{0.0, -0.0, infinity, -infinity, not_a_number, huge, -huge, 1, -1, 1000, -1000};
  for (const Function& f : functions) {
    ir::Pool pool;
    Bits points;
    for (const double x : special) points.push_back(to_bits(dtype, x));
    const Bits results = evaluated(fast(pool, f.build, dtype), std::span(&points, 1));
    for (std::size_t i = 0; i < points.size(); ++i) {
      INFO(f.name << " of " << name(dtype) << " " << special[i]);
      CHECK(units_off(dtype, to_double(dtype, results[i]), f.exact(special[i])) <= bound);
    }
  }
}

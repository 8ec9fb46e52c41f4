// Sums over pairs, against plain loops.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <cmath>

using namespace theon;

namespace {

std::vector<double> forces(const std::vector<double>& x, const std::vector<double>& mass) {
  std::vector<double> result(x.size(), 0.0);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < x.size(); ++j) result[i] += mass[i] * mass[j] * (x[j] - x[i]) / std::pow(std::pow(x[j] - x[i], 2) + 0.01, 1.5);
  return result;
}

}  // namespace

TEST_CASE("forces are minus the gradient of a potential") {
  for (const std::int64_t n : {1, 2, 7, 33, 100}) {
    INFO(n);
    const Variable x = vector<double>("x"), m = vector<double>("m");
    const Variable potential = -0.5 * sum(expand_dims(m, 1) * m / sqrt(sqr(x - expand_dims(x, 1)) + 0.01));
    const Tensor at = Tensor::uniform(DType::float64, {n}, 1, -1, 1), mass = Tensor::uniform(DType::float64, {n}, 2, 0.1, 1);
    const auto got = function({x, m}, {-grad(potential, x)})(at, mass)[0].to_vector<double>();
    const auto wanted = forces(at.to_vector<double>(), mass.to_vector<double>());
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(got[i] == Approx(wanted[i]).epsilon(1e-12).margin(1e-12));
  }
}

TEST_CASE("sums that differ in sign alone where signs differ from term to term") {
  const Variable x = vector<double>("x"), y = vector<double>("y");
  const auto [a, b] = std::pair(expand_dims(x, 1), expand_dims(y, 0));
  const Variable there = sum(a * (a - b), 1), back = sum(a * (b - a), 1), other = sum((a + b) * (b - a), 1);
  const Tensor at = Tensor::of<double>({1, -2, 5}, {3}), and_at = Tensor::of<double>({3, 4, -1, 0}, {4});
  const Results got = function({x, y}, {there, back, other})(at, and_at);
  CHECK(got[0].to_vector<double>() == std::vector<double>{-2, 28, 70});
  CHECK(got[1].to_vector<double>() == std::vector<double>{2, -28, -70});
  CHECK(got[2].to_vector<double>() == std::vector<double>{22, 10, -74});
}

TEST_CASE("the opposite of a sum that is 0 is 0, not -0") {
  const Variable x = vector<double>("x");
  const auto [a, b] = std::pair(expand_dims(x, 1), expand_dims(x, 0));
  const Variable there = sum(sqr(a) * (a - b), 1), back = sum(sqr(a) * (b - a), 1);
  const Results got = function({x}, {there, back})(Tensor::of<double>({0, 0, 0}, {3}));
  for (const Tensor& sums : got)
    for (const double each : sums.to_vector<double>()) {
      CHECK(each == 0);
      CHECK_FALSE(std::signbit(each));
    }
}

// Running sums: every place against a sum in long double, at sizes where blocks end well or badly.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace theon;

namespace {

const std::vector<std::int64_t> sizes{0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 1009};

template <class T>
std::vector<T> values(const Tensor& x) {
  const T* first = x.data<T>();
  return {first, first + x.size()};
}

}  // namespace

TEST_CASE("what is infinite or not a number affects no place before it") {
  const Variable x = vector<float>("x");
  const Function f = function({x}, {cumsum(x, 0)});
  for (const float wild : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    for (int place = 0; place < 37; ++place) {
      std::vector<float> terms(37, 1);
      terms[place] = wild;
      const std::vector<float> sums = values<float>(f(Tensor::of<float>(terms, {37}))[0]);
      for (int i = 0; i < 37; ++i) CHECK(std::isfinite(sums[i]) == (i < place));
      for (int i = 0; i < place; ++i) CHECK(sums[i] == static_cast<float>(i + 1));
    }
}

TEST_CASE("running sums of integers wrap around at every place") {
  const Variable x = vector<std::int64_t>("x");
  const Function f = function({x}, {cumsum(x, 0)});
  for (const std::int64_t n : sizes) {
    std::vector<std::int64_t> terms(n);
    for (std::int64_t i = 0; i < n; ++i) terms[i] = std::numeric_limits<std::int64_t>::max() - i;
    const std::vector<std::int64_t> sums = values<std::int64_t>(f(Tensor::of<std::int64_t>(terms, {n}))[0]);
    std::uint64_t sum = 0;
    for (std::int64_t i = 0; i < n; ++i) CHECK(sums[i] == static_cast<std::int64_t>(sum += static_cast<std::uint64_t>(terms[i])));
  }
}

TEST_CASE("a running sum of float32 errs by no more than one that adds term by term may") {
  const Variable x = vector<float>("x");
  const Function f = function({x}, {cumsum(x, 0), cumsum(exp(x), 0) * x});
  for (const std::int64_t n : sizes) {
    const Tensor drawn = Tensor::uniform(DType::float32, {n}, 5, 0., 1.);
    const std::vector<float> terms = values<float>(drawn);
    const Results results = f(drawn);
    const std::vector<float> sums = values<float>(results[0]), scaled = values<float>(results[1]);
    long double sum = 0, powers = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const long double unit = std::numeric_limits<float>::epsilon() / 2;
      sum += terms[i];
      powers += std::exp(static_cast<long double>(terms[i]));
      CHECK(std::fabs(sums[i] - sum) <= i * unit * sum * 1.001L);
      CHECK(std::fabs(scaled[i] - powers * terms[i]) <= (i + 6) * unit * powers * terms[i] * 1.001L);
    }
  }
}

TEST_CASE("running sums along each axis, and their gradients, which run backwards") {
  const Variable x = matrix<double>("x"), w = matrix<double>("w");
  for (const int axis : {0, 1}) {
    const Function f = function({x, w}, {cumsum(x, axis), grad(sum(cumsum(x, axis) * w), x)});
    CHECK_THAT(f.explain(), Catch::Contains("its iterations in order, the last one first"));
    for (const std::int64_t rows : {0, 1, 3, 8, 19})
      for (const std::int64_t columns : sizes) {
        const Tensor a = Tensor::uniform(DType::int32, {rows, columns}, 3, -9, 9).astype(DType::float64);
        const Tensor b = Tensor::uniform(DType::int32, {rows, columns}, 4, -9, 9).astype(DType::float64);
        const Results results = f(a, b);
        const auto terms = values<double>(a), weights = values<double>(b), sums = values<double>(results[0]), gradient = values<double>(results[1]);
        const std::int64_t step = axis == 0 ? columns : 1, length = axis == 0 ? rows : columns;
        for (std::int64_t i = 0; i < rows * columns; ++i) {
          const std::int64_t place = axis == 0 ? i / columns : i % columns;
          long double before = 0, after = 0;
          for (std::int64_t k = 0; k <= place; ++k) before += terms[i - k * step];
          for (std::int64_t k = place; k < length; ++k) after += weights[i + (k - place) * step];
          if (sums[i] != static_cast<double>(before)) FAIL_CHECK("axis " << axis << " at " << i << ": " << sums[i]);
          if (gradient[i] != static_cast<double>(after)) FAIL_CHECK("gradient, axis " << axis << " at " << i << ": " << gradient[i]);
        }
      }
  }
}

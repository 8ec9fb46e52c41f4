// Variances and their kin in one pass: as good as in two, on data that are hard for one.
#include <theon/theon.h>

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

using namespace theon;

namespace {

template <class T>
std::vector<T> normal(std::int64_t n, double mean, double deviation, std::uint64_t seed = 1) {
  const Tensor numbers = Tensor::randn<double>({n}, seed);
  std::vector<T> x(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(mean + deviation * numbers.data<double>()[i]);
  return x;
}

/// In two passes, in long double.
template <class T>
long double weighted_variance(const std::vector<T>& x, const std::vector<T>& w) {
  long double weight = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    weight += w[i];
    sum += static_cast<long double>(w[i]) * x[i];
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double d = x[i] - sum / weight;
    squares += w[i] * d * d;
  }
  return squares / weight;
}

template <class T>
std::vector<T> ones(const std::vector<T>& x) {
  return std::vector<T>(x.size(), T(1));
}

template <class T>
const Function& variance_function() {
  static const Function f = [] {
    const Variable x = vector<T>("x"), w = vector<T>("w");
    const Variable center = sum(w * x) / sum(w), plain = x - mean(x);
    return function({x, w}, {sum(w * sqr(x - center)) / sum(w), mean(plain * plain)});
  }();
  return f;
}

/// The largest relative error of the weighted and of the plain variance, in units of the dtype's epsilon.
template <class T>
double error(const std::vector<T>& x, const std::vector<T>& w) {
  const Results got = variance_function<T>()(x, w);
  double worst = 0;
  for (const int k : {0, 1}) {
    const long double wanted = weighted_variance(x, k == 0 ? w : ones(x));
    const long double off = std::abs(static_cast<long double>(got[k].template item<double>()) - wanted);
    worst = std::max(worst, static_cast<double>(off / wanted) / std::numeric_limits<T>::epsilon());
  }
  return worst;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a variance reads its operands once") {
  const std::string loops = variance_function<double>().explain();
  CHECK(has(loops, "moments="));
  CHECK(has(loops, "in 2 phases"));
}

TEMPLATE_TEST_CASE("a variance of any length is as good as one in two passes", "", float, double) {
  for (const std::int64_t n : {1, 2, 15, 1000, 8191, 8192, 8193, 16385, 100'000, 1'000'000}) {
    const std::vector<TestType> x = normal<TestType>(n, 3, 2), w = normal<TestType>(n, 5, 0.5, 2);
    INFO(n);
    if (n > 1) CHECK(error(x, w) < 20);
    if (n == 1) CHECK(variance_function<TestType>()(x, w)[1].template item<double>() == 0);
  }
}

TEST_CASE("a variance of numbers far from 0 keeps the digits that they have") {
  CHECK(error(normal<double>(100'000, 1e8, 1), ones(normal<double>(100'000, 0, 1))) < 20);
  CHECK(error(normal<float>(100'000, 1e4, 1), ones(normal<float>(100'000, 0, 1))) < 100);
}

TEST_CASE("a variance does not suffer from where outliers stand, nor from what weighs nothing") {
  const std::int64_t n = 50'000;
  // What is added to the outlier's square is rounded as often as its lane runs: four times as often in narrow vectors.
  constexpr double bound = 100;
  const std::vector<float> some = normal<float>(n, 1, 1), w = ones(some);
  for (const std::size_t at : {std::size_t{0}, std::size_t{8191}, std::size_t{8192}, static_cast<std::size_t>(n - 1)}) {
    std::vector<float> x = some, masked = w;
    x[at] = 1e5f;
    CHECK(error(x, w) < bound);
    masked[at] = 0;
    CHECK(error(x, masked) < bound);
  }
  std::vector<float> x = some, masked = w;
  for (std::size_t i = 0; i < x.size(); i += 4096) {
    x[i] = x[(i + 8191) % x.size()] = 1e15f;
    masked[i] = masked[(i + 8191) % x.size()] = 0;
  }
  const double got = variance_function<float>()(x, masked)[0].item<double>();
  CHECK(got == Approx(static_cast<double>(weighted_variance(x, masked))).epsilon(1e-5));
}

TEST_CASE("a variance of trends, of steps and of weights that come and go") {
  std::vector<double> trend, step, weights;
  for (int i = 0; i < 60'000; ++i) {
    trend.push_back(1e6 + i);
    step.push_back(i < 40'000 ? 1e9 + i % 3 : -1e3 + i % 7);
    weights.push_back(i / 8192 % 2 == 0 ? 1e-20 : i % 5);
  }
  CHECK(error(trend, ones(trend)) < 20);
  CHECK(error(step, ones(trend)) < 20);
  CHECK(error(trend, weights) < 20);
  CHECK(error(step, weights) < 20);
}

TEST_CASE("weights of both signs lose no more than the sums of their magnitudes do") {
  const std::vector<double> x = normal<double>(50'000, 4, 1);
  std::vector<double> w = normal<double>(50'000, 0.1, 1, 7);
  const double got = variance_function<double>()(x, w)[0].item<double>();
  CHECK(got == Approx(static_cast<double>(weighted_variance(x, w))).epsilon(1e-11));
}

TEST_CASE("a variance of what is infinite or no number is none, and one of equal numbers is nothing") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {inf, -inf, nan})
    for (const std::size_t at : {std::size_t{0}, std::size_t{777}, std::size_t{20'000}}) {
      std::vector<double> x = normal<double>(30'000, 0, 1);
      x[at] = bad;
      for (const Tensor& result : variance_function<double>()(x, ones(x))) CHECK(std::isnan(result.item<double>()));
    }
  const std::vector<double> same(30'000, 0.75);
  for (const Tensor& result : variance_function<double>()(same, same)) CHECK(result.item<double>() == 0);
}

TEST_CASE("long rows have one pass each, short ones two") {
  const Variable x = input<float>("x", {3, 70'000}), y = input<float>("y", {3, 700});
  const auto variance = [](const Variable& v) { return mean(sqr(v - mean(v, 1, true)), 1); };
  CHECK_FALSE(has(function({y}, {variance(y)}).explain(), "moments="));
  const Function f = function({x}, {variance(x)});
  CHECK(has(f.explain(), "moments="));
  const Tensor values = Tensor::randn<float>({3, 70'000}, 5);
  const Tensor got = f(values);
  for (std::size_t row = 0; row < 3; ++row) {
    const float* begin = values.data<float>() + row * 70'000;
    const std::vector<float> numbers(begin, begin + 70'000);
    CHECK(got.data<float>()[row] == Approx(static_cast<double>(weighted_variance(numbers, ones(numbers)))));
  }
}

TEST_CASE("a variance does not depend on the number of threads") {
  const Variable x = vector<double>("x");
  const Variable variance = mean(sqr(x - mean(x)));
  const Function alone = function({x}, {variance}), shared = function({x}, {variance}, {.threads = 3});
  const Tensor values = Tensor::randn<double>({2'000'000}, 3);
  CHECK(identical(Tensor(alone(values)), Tensor(shared(values))));
}

TEST_CASE("a variance beyond the largest number is infinite") {
  const Variable x = vector<double>("x");
  const Function f = function({x}, {mean(sqr(x - mean(x)))});
  CHECK(f(Tensor(std::vector<double>(20'000, 1.7e308)))[0].item<double>() == std::numeric_limits<double>::infinity());
}

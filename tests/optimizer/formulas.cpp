// Real formulas, written as textbooks write them: value and gradient must be right at 1e4 and -1e4 too.
#include <theon/gradient.h>

#include "optimizer/pipeline.h"
#include "src/reference/evaluate.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

using namespace theon;

namespace {

using Function = std::function<double(double)>;

double softplus_of(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
double sigmoid_of(double x) { return x > 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

struct Formula {
  const char* text;
  std::function<Variable(Variable)> expression;
  Function value, slope;
};

std::vector<Formula> formulas() {
  return {
      {"log(1 + exp(x))", [](Variable x) { return log(1 + exp(x)); }, softplus_of, sigmoid_of},
      {"log(exp(x) + 1)", [](Variable x) { return log(exp(x) + 1); }, softplus_of, sigmoid_of},
      {"log(1 + exp(-x))", [](Variable x) { return log(1 + exp(-x)); }, [](double x) { return softplus_of(-x); }, [](double x) { return -sigmoid_of(-x); }},
      {"log(sigmoid(x))", [](Variable x) { return log(sigmoid(x)); }, [](double x) { return -softplus_of(-x); }, [](double x) { return sigmoid_of(-x); }},
      {"log(1 - sigmoid(x))", [](Variable x) { return log(1 - sigmoid(x)); }, [](double x) { return -softplus_of(x); }, [](double x) { return -sigmoid_of(x); }},
      {"log(1 / (1 + exp(-x)))", [](Variable x) { return log(1 / (1 + exp(-x))); }, [](double x) { return -softplus_of(-x); }, [](double x) { return sigmoid_of(-x); }},
      {"1 / (1 + exp(-x))", [](Variable x) { return 1 / (1 + exp(-x)); }, sigmoid_of, [](double x) { return sigmoid_of(x) * sigmoid_of(-x); }},
      {"exp(x) / (1 + exp(x))", [](Variable x) { return exp(x) / (1 + exp(x)); }, sigmoid_of, [](double x) { return sigmoid_of(x) * sigmoid_of(-x); }},
      {"log(exp(x) / (1 + exp(x)))", [](Variable x) { return log(exp(x) / (1 + exp(x))); }, [](double x) { return -softplus_of(-x); }, [](double x) { return sigmoid_of(-x); }},
      {"y * log(p) + (1 - y) * log(1 - p), y = 0.25", [](Variable x) { const Variable p = sigmoid(x); return 0.25 * log(p) + 0.75 * log(1 - p); },
       [](double x) { return -0.25 * softplus_of(-x) - 0.75 * softplus_of(x); }, [](double x) { return 0.25 - sigmoid_of(x); }},
      {"sqrt(x * x)", [](Variable x) { return sqrt(x * x); }, [](double x) { return std::abs(x); }, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }},
      {"where(x > 0, sqrt(x), 0)", [](Variable x) { return where(x > 0, sqrt(x), 0); }, [](double x) { return x > 0 ? std::sqrt(x) : 0; },
       [](double x) { return x > 0 ? 0.5 / std::sqrt(x) : 0; }},
      {"log(1 + exp(x)) - x", [](Variable x) { return log(1 + exp(x)) - x; }, [](double x) { return softplus_of(-x); }, [](double x) { return -sigmoid_of(-x); }},
      {"(exp(x) - exp(-x)) / (exp(x) + exp(-x))", [](Variable x) { return (exp(x) - exp(-x)) / (exp(x) + exp(-x)); }, [](double x) { return std::tanh(x); },
       nullptr},
      {"sqrt(sqr(x))", [](Variable x) { return sqrt(sqr(x)); }, [](double x) { return std::abs(x); }, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }},
      {"sqrt(x**2)", [](Variable x) { return sqrt(pow(x, 2)); }, [](double x) { return std::abs(x); }, [](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0; }},
      {"log(exp(-x * x / 2) / sqrt(2 * pi))", [](Variable x) { return log(exp(-x * x / 2) / std::sqrt(2 * M_PI)); },
       [](double x) { return -x * x / 2 - 0.5 * std::log(2 * M_PI); }, [](double x) { return -x; }},
      {"log(1 + exp(-abs(x))) + maximum(x, 0)", [](Variable x) { return log(1 + exp(-abs(x))) + maximum(x, 0); }, softplus_of, sigmoid_of},
      {"exp(-log(1 + exp(x)))", [](Variable x) { return exp(-log(1 + exp(x))); }, [](double x) { return sigmoid_of(-x); },
       [](double x) { return -sigmoid_of(x) * sigmoid_of(-x); }},
      {"x * sigmoid(x)", [](Variable x) { return x / (1 + exp(-x)); }, [](double x) { return x * sigmoid_of(x); },
       [](double x) { return sigmoid_of(x) * (1 + x * sigmoid_of(-x)); }},
      {"log(exp(x))", [](Variable x) { return log(exp(x)); }, [](double x) { return x; }, [](double) { return 1; }},
  };
}

const std::vector<double> points{-1e4, -750, -100, -20, -1, -1e-3, 1e-3, 0.5, 3, 40, 100, 750, 1e4};

/// The values of the outputs after optimisation, in double.
std::vector<std::vector<double>> values(const Graph& graph, const std::vector<std::pair<Variable, Tensor>>& arguments) {
  std::vector<std::vector<double>> result;
  for (const Tensor& value : reference::evaluate(optimize(graph).graph.outputs, arguments)) result.push_back(value.to_vector<double>());
  return result;
}

void check_close(const std::vector<double>& values, const std::vector<double>& wanted, double tolerance) {
  REQUIRE(values.size() == wanted.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO("element " << i << ": " << values[i] << " should be " << wanted[i]);
    CHECK(std::abs(values[i] - wanted[i]) <= tolerance * std::abs(wanted[i]) + 1e-300);
  }
}

std::vector<double> mapped(const Function& f, const std::vector<double>& list) {
  std::vector<double> result;
  for (const double x : list) result.push_back(f(x));
  return result;
}

/// log(sum(exp(row))) and softmax(row).
double log_sum_exp_of(const std::vector<double>& row) {
  const double largest = *std::max_element(row.begin(), row.end());
  double total = 0;
  for (const double x : row) total += std::exp(x - largest);
  return largest + std::log(total);
}
std::vector<double> softmax_of(const std::vector<double>& row) {
  return mapped([&](double x) { return std::exp(x - log_sum_exp_of(row)); }, row);
}

const std::vector<std::vector<double>> rows{{1e4, -1e4, 0, 1}, {-1e4, -1e4, -1e4, 3}, {0.5, 1, -2, 0.25}, {1e4, 1e4, 1e4 - 1, -1e4}};
const std::vector<std::int64_t> targets{1, 0, 2, 3};

Tensor logits() {
  std::vector<double> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  return Tensor::of<double>(std::span<const double>(all), {4, 4});
}

/// Cost and gradient of the mean of -log p[target].
void check_cross_entropy(const std::function<Variable(Variable x, Variable y)>& log_of_target) {
  const Variable x = input<double>("x", {4, 4}), y = input<std::int64_t>("y", {4});
  const Variable picked = log_of_target(x, y), cost = -sum(picked);
  const auto result = values({{x, y}, {picked, grad(cost, x)}}, {{x, logits()}, {y, Tensor(targets)}});
  std::vector<double> wanted, slopes;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    wanted.push_back(rows[i][static_cast<std::size_t>(targets[i])] - log_sum_exp_of(rows[i]));
    std::vector<double> slope = softmax_of(rows[i]);
    slope[static_cast<std::size_t>(targets[i])] -= 1;
    slopes.insert(slopes.end(), slope.begin(), slope.end());
  }
  check_close(result[0], wanted, 1e-12);
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    INFO("slope " << i << ": " << result[1][i] << " should be " << slopes[i]);
    CHECK(std::abs(result[1][i] - slopes[i]) < 1e-12);
  }
}

Variable rows_of(const Variable& y) { return arange(y.dim(0)); }

}  // namespace

TEST_CASE("textbook formulas and their gradients are right at large arguments") {
  for (const Formula& formula : formulas()) {
    const Variable x = vector<double>("x"), y = formula.expression(x);
    INFO(formula.text);
    const auto result = values({{x}, {y, grad(sum(y), x)}}, {{x, Tensor(points)}});
    check_close(result[0], mapped(formula.value, points), 1e-12);
    if (formula.slope) check_close(result[1], mapped(formula.slope, points), 1e-10);
  }
}

TEST_CASE("textbook formulas are right in float32") {
  for (const Formula& formula : formulas()) {
    const Variable x = vector<float>("x"), y = formula.expression(x);
    INFO(formula.text);
    const std::vector<double> moderate{-1e4, -80, -1, 0.5, 3, 80, 1e4};
    const auto result = values({{x}, {y, grad(sum(y), x)}}, {{x, Tensor(moderate).astype<float>()}});
    for (std::size_t i = 0; i < moderate.size(); ++i) {
      CHECK(result[0][i] == Approx(formula.value(moderate[i])).epsilon(1e-5).margin(1e-30));
      if (formula.slope) CHECK(result[1][i] == Approx(formula.slope(moderate[i])).epsilon(1e-5).margin(1e-30));
    }
  }
}

TEST_CASE("the logarithm of a softmax, picked afterwards, is finite in value and gradient") {
  check_cross_entropy([](Variable x, Variable y) { return index(log(softmax(x)), {rows_of(y), y}); });
}

TEST_CASE("the logarithm of a picked softmax is finite in value and gradient") {
  check_cross_entropy([](Variable x, Variable y) { return log(index(softmax(x), {rows_of(y), y})); });
}

TEST_CASE("the logarithm of a softmax written out is finite in value and gradient") {
  check_cross_entropy([](Variable x, Variable y) { return index(log(exp(x) / sum(exp(x), 1, true)), {rows_of(y), y}); });
}

TEST_CASE("the categorical crossentropy of a softmax is finite in value and gradient") {
  check_cross_entropy([](Variable x, Variable y) { return -categorical_crossentropy(softmax(x), y); });
}

TEST_CASE("log(sum(exp(x))) and its gradient, the softmax") {
  const Variable x = input<double>("x", {4, 4}), y = log(sum(exp(x), 1));
  const auto result = values({{x}, {y, grad(sum(y), x)}}, {{x, logits()}});
  std::vector<double> wanted, slopes;
  for (const auto& row : rows) {
    wanted.push_back(log_sum_exp_of(row));
    for (const double p : softmax_of(row)) slopes.push_back(p);
  }
  check_close(result[0], wanted, 1e-12);
  check_close(result[1], slopes, 1e-9);
}

TEST_CASE("log(sum(exp(x))) of infinities is not NaN where it has a value") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Variable x = input<double>("x", {3, 2}), y = log(sum(exp(x), 1));
  const auto result = values({{x}, {y}}, {{x, Tensor::of<double>({-infinity, -infinity, infinity, 0, -infinity, 1}, {3, 2})}});
  CHECK(result[0] == std::vector<double>{-infinity, infinity, 1});
}

TEST_CASE("exp(x) / sum(exp(x)) and its gradient") {
  const Variable x = input<double>("x", {4, 4}), w = constant(Tensor::arange<double>(4));
  const Variable y = exp(x) / sum(exp(x), 1, true);
  const auto result = values({{x}, {y, grad(sum(y * w), x)}}, {{x, logits()}});
  std::vector<double> wanted, slopes;
  for (const auto& row : rows) {
    const std::vector<double> p = softmax_of(row);
    double mean = 0;
    for (std::size_t k = 0; k < p.size(); ++k) mean += p[k] * static_cast<double>(k);
    for (std::size_t k = 0; k < p.size(); ++k) {
      wanted.push_back(p[k]);
      slopes.push_back(p[k] * (static_cast<double>(k) - mean));
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK(result[0][i] == Approx(wanted[i]).margin(1e-12));
    CHECK(result[1][i] == Approx(slopes[i]).margin(1e-12));
  }
}

TEST_CASE("log(exp(a) + exp(b)) and its gradient") {
  const Variable a = vector<double>("a"), b = input<double>("b", a.dims());
  const Variable y = log(exp(a) + exp(b));
  const std::vector<double> left{1e4, -1e4, -1e4, 0, 700, 1}, right{1e4 - 1, -1e4 + 2, 1e4, 0, -700, 2};
  const auto result = values({{a, b}, {y, grad(sum(y), a)}}, {{a, Tensor(left)}, {b, Tensor(right)}});
  std::vector<double> wanted, slopes;
  for (std::size_t i = 0; i < left.size(); ++i) {
    wanted.push_back(log_sum_exp_of({left[i], right[i]}));
    slopes.push_back(sigmoid_of(left[i] - right[i]));
  }
  check_close(result[0], wanted, 1e-12);
  check_close(result[1], slopes, 1e-9);
}

TEST_CASE("a guarded unit vector has a gradient at 0") {
  const Variable x = vector<double>("x"), norm = sqrt(sum(x * x));
  const Variable y = where(norm > 0, x / norm, 0);
  const auto at_zero = values({{x}, {y, grad(sum(y), x)}}, {{x, Tensor(std::vector<double>{0, 0})}});
  CHECK(at_zero[0] == std::vector<double>{0, 0});
  CHECK(at_zero[1] == std::vector<double>{0, 0});
  const auto large = values({{x}, {y, grad(y[0], x)}}, {{x, Tensor(std::vector<double>{3e4, -4e4})}});
  check_close(large[0], {0.6, -0.8}, 1e-14);
  check_close(large[1], {0.64 / 5e4, 0.48 / 5e4}, 1e-10);
}

TEST_CASE("log(mean(exp(x))) and its gradient") {
  const Variable x = input<double>("x", {4, 4});
  for (const bool keepdims : {false, true}) {
    const Variable y = log(mean(exp(x), 1, keepdims));
    const auto result = values({{x}, {y, grad(sum(y), x)}}, {{x, logits()}});
    std::vector<double> wanted, slopes;
    for (const auto& row : rows) {
      wanted.push_back(log_sum_exp_of(row) - std::log(4));
      for (const double p : softmax_of(row)) slopes.push_back(p);
    }
    check_close(result[0], wanted, 1e-12);
    check_close(result[1], slopes, 1e-9);
  }
}

TEST_CASE("the usual shift by the maximum stays right in value and gradient") {
  const Variable x = input<double>("x", {4, 4}), m = max(x, 1, true), y = m + log(sum(exp(x - m), 1, true));
  const auto result = values({{x}, {y, exp(x - m) / sum(exp(x - m), 1, true), grad(sum(y), x)}}, {{x, logits()}});
  std::vector<double> wanted, shares;
  for (const auto& row : rows) {
    wanted.push_back(log_sum_exp_of(row));
    for (const double p : softmax_of(row)) shares.push_back(p);
  }
  check_close(result[0], wanted, 1e-12);
  check_close(result[1], shares, 1e-9);
  // The gradient through the maximum itself cancels.
  const std::vector<double> slopes = result[2];
  for (std::size_t i = 0; i < 4; ++i) CHECK(slopes[4 * i] + slopes[4 * i + 1] + slopes[4 * i + 2] + slopes[4 * i + 3] == Approx(1));
}

TEST_CASE("the logarithm of a likelihood is a sum of logarithms") {
  const Variable x = vector<double>("x");
  const std::vector<double> list{-1e4, 800, -3, 0.5};
  const auto result = values({{x}, {log(prod(sigmoid(x)))}}, {{x, Tensor(list)}});
  double total = 0;
  for (const double v : list) total -= softplus_of(-v);
  check_close(result[0], {total}, 1e-12);
}

TEST_CASE("small arguments keep their digits") {
  const Variable x = vector<double>("x");
  const std::vector<double> list{1e-15, -1e-12, 1e-8, 0.25};
  const std::vector<std::pair<Variable, std::function<double(double)>>> pairs{
      {log(1 + x), [](double v) { return std::log1p(v); }},        {log(1 - x), [](double v) { return std::log1p(-v); }},
      {exp(x) - 1, [](double v) { return std::expm1(v); }},        {1 - exp(-x), [](double v) { return -std::expm1(-v); }},
      {(exp(x) - 1) / x, [](double v) { return std::expm1(v) / v; }}, {log(1 + x) / x, [](double v) { return std::log1p(v) / v; }}};
  for (const auto& [formula, function] : pairs) {
    INFO(formula);
    check_close(values({{x}, {formula}}, {{x, Tensor(list)}})[0], mapped(function, list), 1e-14);
  }
}

TEST_CASE("a variance is right far from zero") {
  const Variable x = vector<double>("x"), y = mean(sqr(x - mean(x)));
  const auto result = values({{x}, {y, grad(y, x)}}, {{x, Tensor(std::vector<double>{1e4, 1e4 + 1, 1e4 + 2, 1e4 + 3})}});
  check_close(result[0], {1.25}, 1e-12);
  check_close(result[1], {-0.75, -0.25, 0.25, 0.75}, 1e-12);
}

#include "benchmarks/set/formulas.h"

#include <numbers>

namespace theon::benchmarks {

namespace {

Variable square_of_sum(const Variable& a, const Variable& b) { return a * a + b * b + 2 * a * b; }
Variable gated_bell(const Variable& x) { return tanh(x) * sigmoid(x) + exp(-x * x); }

constexpr double interest = 0.05, volatility = 0.2;

Variable normal_cdf(const Variable& x) { return 0.5 + 0.5 * erf(x / std::numbers::sqrt2); }

Variable discounted(const Variable& strike, const Variable& years) { return strike * exp(-interest * years); }

/// After Black and Scholes (1973).
Variable call_price(const Variable& spot, const Variable& strike, const Variable& years, const Variable& sigma) {
  const Variable spread = sigma * sqrt(years);
  const Variable d1 = (log(spot / strike) + (interest + 0.5 * sigma * sigma) * years) / spread;
  return spot * normal_cdf(d1) - discounted(strike, years) * normal_cdf(d1 - spread);
}

Inputs call_and_put(const Inputs& x, const Variable& sigma) {
  const Variable call = call_price(x[0], x[1], x[2], sigma);
  return {call, call - x[0] + discounted(x[1], x[2])};
}

/// Both prices, and delta, gamma, vega and theta of the call.
Inputs greeks(const Inputs& x) {
  const Variable sigma = full_like(x[0], volatility);
  Inputs results = call_and_put(x, sigma);
  const std::vector<Variable> slopes = grad(sum(results[0]), {x[0], x[2], sigma});
  results.insert(results.end(), {slopes[0], grad(sum(slopes[0]), x[0]), slopes[2], -slopes[1]});
  return results;
}

Variable polynomial(const Variable& x) {
  Variable y = full_like(x, 1.0 / 20);
  for (int i = 19; i > 0; --i) y = y * x + 1.0 / i;
  return y;
}

Variable select(const Variable& a, const Variable& b) {
  return where(a > b, clip(a, -0.5, 0.5), where(b < 0, a * b, a - b));
}

Variable casts(const Variable& x) {
  const DType other = x.dtype() == DType::float64 ? DType::float32 : DType::float64;
  return cast(cast(cast<std::int32_t>(x * 100), other) * 0.5, x.dtype()) + x;
}

Variable chain(const Variable& x, int length) {
  Variable y = x;
  for (int i = 0; i < length; ++i) {
    if (i % 4 == 0) y = y + x;
    if (i % 4 == 1) y = y * 0.625;
    if (i % 4 == 2) y = abs(y);
    if (i % 4 == 3) y = x - y;
  }
  return y;
}

Formula chain_of(int length) {
  return of([=](const Inputs& x) { return chain(x[0], length); });
}

}  // namespace

Formulas elementwise_formulas() {
  return {
      {"A1.forward", of([](const Inputs& x) { return square_of_sum(x[0], x[1]); })},
      {"A1.gradient", of_list([](const Inputs& x) { return grad(sum(square_of_sum(x[0], x[1])), x); })},
      {"A1.inplace", updating({0}, [](const Inputs& x) { return Inputs{square_of_sum(x[0], x[1])}; })},
      {"A2.forward", of([](const Inputs& x) { return 2 * x[0] + 3 * x[1]; })},
      {"A3.forward", of([](const Inputs& x) { return x[0] + 1; })},
      {"A4.forward", of([](const Inputs& x) { return 2 * x[0] + pow(x[1], 10); })},
      {"A5.forward", of([](const Inputs& x) { return gated_bell(x[0]); })},
      {"A5.gradient", of([](const Inputs& x) { return grad(sum(gated_bell(x[0])), x[0]); })},
      {"A5.inplace", updating({0}, [](const Inputs& x) { return Inputs{gated_bell(x[0])}; })},
      {"A6.price", of_list([](const Inputs& x) { return call_and_put(x, full_like(x[0], volatility)); })},
      {"A6.greeks", of_list(greeks)},
      {"A7.waves", of([](const Inputs& x) { return sqr(sin(x[0])) + sqr(cos(x[1])) + x[0] * x[1]; })},
      {"A7.polynomial", of([](const Inputs& x) { return polynomial(x[0]); })},
      {"A7.select", of([](const Inputs& x) { return select(x[0], x[1]); })},
      {"A7.casts", of([](const Inputs& x) { return casts(x[0]); })},
      {"A9.outer", of([](const Inputs& x) { return expand_dims(x[0], 1) + x[1]; })},
      {"A9.transpose", of([](const Inputs& x) { return x[0].T() + x[1]; })},
      {"A9.strided", of([](const Inputs& x) { return x[0][slice(0, {}, 2)] * x[1][slice(1, {}, 2)]; })},
      {"A10.chain5", chain_of(5)},
      {"A10.chain20", chain_of(20)},
      {"A10.chain100", chain_of(100)},
      {"M1.chain100", chain_of(100)},
  };
}

}  // namespace theon::benchmarks

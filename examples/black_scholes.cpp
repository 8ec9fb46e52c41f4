// European calls after Black and Scholes (1973): price by formula, greeks by gradient, compared with the closed forms.
#include <theon/theon.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

using namespace theon;

namespace {

Variable normal_cdf(const Variable& x) { return 0.5 * (1 + erf(x / std::numbers::sqrt2)); }

struct Greeks {
  double price, delta, vega, theta, rho;
};

double cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double density(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); }

Greeks closed_form(double spot, double strike, double maturity, double rate, double volatility) {
  const double root = std::sqrt(maturity);
  const double d1 = (std::log(spot / strike) + (rate + 0.5 * volatility * volatility) * maturity) / (volatility * root);
  const double d2 = d1 - volatility * root, discount = std::exp(-rate * maturity);
  return {spot * cdf(d1) - strike * discount * cdf(d2), cdf(d1), spot * density(d1) * root,
          -spot * density(d1) * volatility / (2 * root) - rate * strike * discount * cdf(d2),
          strike * maturity * discount * cdf(d2)};
}

}  // namespace

int main() {
  const Dim n = dim("options");
  Variable spot = input<double>("spot", {n}), strike = input<double>("strike", {n}),
           maturity = input<double>("maturity", {n});
  Variable rate = input<double>("rate", {n}), volatility = input<double>("volatility", {n});

  Variable root = sqrt(maturity);
  Variable d1 = (log(spot / strike) + (rate + 0.5 * sqr(volatility)) * maturity) / (volatility * root);
  Variable d2 = d1 - volatility * root;
  Variable call = spot * normal_cdf(d1) - strike * exp(-rate * maturity) * normal_cdf(d2);
  // Every price depends on its own option alone, so the gradient of the sum holds each one's derivatives.
  auto [delta, vega, decay, rho] = grad(sum(call), spot, volatility, maturity, rate);
  Function price =
      function({spot, strike, maturity, rate, volatility}, {call, delta, vega, -decay, rho}, {.name = "black_scholes"});

  const Tensor s = Tensor::uniform<double>({1000}, 1, 50, 150), k = Tensor::uniform<double>({1000}, 2, 50, 150);
  const Tensor t = Tensor::uniform<double>({1000}, 3, 0.1, 2), r = Tensor::uniform<double>({1000}, 4, 0, 0.05);
  const Tensor v = Tensor::uniform<double>({1000}, 5, 0.1, 0.5);
  const Results greeks = price(s, k, t, r, v);

  double worst = 0;
  for (int i = 0; i < 1000; ++i) {
    const Greeks exact =
        closed_form(s.at<double>({i}), k.at<double>({i}), t.at<double>({i}), r.at<double>({i}), v.at<double>({i}));
    const double wanted[] = {exact.price, exact.delta, exact.vega, exact.theta, exact.rho};
    for (int j = 0; j < 5; ++j) worst = std::max(worst, std::abs(greeks[j].at<double>({i}) - wanted[j]));
  }
  std::printf("1000 options, price and four greeks: largest difference from the closed forms %.1e\n", worst);
  return worst < 1e-10 ? 0 : 1;
}

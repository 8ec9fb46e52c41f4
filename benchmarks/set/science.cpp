#include "benchmarks/set/formulas.h"

#include <cmath>
#include <numbers>

namespace theon::benchmarks {

namespace {

constexpr double softening = 0.01;

Variable differences(const Variable& x) { return x - expand_dims(x, 1); }

Variable potential_energy(const Inputs& x) {
  const Variable squared = sqr(differences(x[0])) + sqr(differences(x[1])) + sqr(differences(x[2])) + softening;
  return -0.5 * sum(expand_dims(x[3], 1) * x[3] / sqrt(squared));
}

Inputs forces(const Inputs& x) {
  Inputs list = grad(potential_energy(x), {x[0], x[1], x[2]});
  for (Variable& force : list) force = -force;
  return list;
}

constexpr int heat_steps = 1000;
constexpr double diffusion = 0.1;

Variable heat_step(const Variable& u) {
  const auto moved = [&](int down, int right) {
    return index(u, {slice(1 + down, down - 1 == 0 ? Bound() : Bound(down - 1)),
                     slice(1 + right, right - 1 == 0 ? Bound() : Bound(right - 1))});
  };
  const Variable neighbours = moved(0, -1) + moved(0, 1) + moved(-1, 0) + moved(1, 0);
  return inc_subtensor(u, {slice(1, -1), slice(1, -1)}, diffusion * (neighbours - 4 * moved(0, 0)));
}

Variable heat(const Inputs& x) { return scan({.from = {x[0]}, .n_steps = heat_steps}, heat_step).states[0]; }

constexpr double observation_noise = 0.1;

/// The log-likelihood of observations of the first two of four states, after Kalman (1960).
Variable kalman(const Inputs& x) {
  const Variable transition = x[1], process_noise = x[2];
  const auto step = [&](Variable z, Variable state, Variable covariance, Variable loglik) {
    const auto at = [](const Variable& m, std::int64_t i, std::int64_t j) { return index(m, {i, j}); };
    const Variable mean = dot(transition, state);
    const Variable p = dot(dot(transition, covariance), transition.T()) + process_noise;
    const Variable a = at(p, 0, 0) + observation_noise, b = at(p, 0, 1), c = at(p, 1, 1) + observation_noise;
    const Variable determinant = a * c - b * b;
    const Variable y0 = z[0] - mean[0], y1 = z[1] - mean[1];
    const Variable column0 = index(p, {slice(), 0}), column1 = index(p, {slice(), 1});
    const Variable gain0 = (column0 * c - column1 * b) / determinant, gain1 = (column1 * a - column0 * b) / determinant;
    const Variable distance = (c * y0 * y0 - 2 * b * y0 * y1 + a * y1 * y1) / determinant;
    return Step{.next = {mean + gain0 * y0 + gain1 * y1,
                         p - expand_dims(gain0, 1) * p[0] - expand_dims(gain1, 1) * p[1],
                         loglik - 0.5 * (log(determinant) + distance + 2 * std::log(2 * std::numbers::pi))}};
  };
  return scan({.over = {x[0]}, .from = {x[3], x[4], x[5]}}, step).states[2];
}

}  // namespace

Formulas science_formulas() {
  return {{"S3.forces", of_list(forces)}, {"S4.heat", of(heat)}, {"S6.kalman", of(kalman)}};
}

const Formulas& formulas() {
  static const Formulas all = [] {
    Formulas merged;
    for (const auto& family :
         {elementwise_formulas, reduction_formulas, product_formulas, training_formulas, science_formulas})
      merged.merge(family());
    return merged;
  }();
  return all;
}

}  // namespace theon::benchmarks

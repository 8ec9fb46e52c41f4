// Newton's method on Rosenbrock's function: gradient and Hessian come from the formula.
#include <theon/theon.h>

#include <cmath>
#include <cstdio>

using namespace theon;

int main() {
  Variable x = input<double>("x", {2});
  Variable cost = sqr(1 - x[0]) + 100 * sqr(x[1] - sqr(x[0]));
  Function derivatives = function({x}, {cost, grad(cost, x), hessian(cost, x)});

  double a = -1.2, b = 1;
  for (int step = 0; step < 20; ++step) {
    const Results at = derivatives(std::vector<double>{a, b});
    const Tensor &g = at[1], &h = at[2];
    const double g0 = g.at<double>({0}), g1 = g.at<double>({1});
    const double h00 = h.at<double>({0, 0}), h01 = h.at<double>({0, 1}), h11 = h.at<double>({1, 1});
    std::printf("step %d  cost %.3e  at (%.6f, %.6f)\n", step, at[0].item<double>(), a, b);
    if (std::hypot(g0, g1) < 1e-10) break;
    const double determinant = h00 * h11 - h01 * h01;
    a -= (h11 * g0 - h01 * g1) / determinant;
    b -= (h00 * g1 - h01 * g0) / determinant;
  }
  return std::hypot(a - 1, b - 1) < 1e-8 ? 0 : 1;
}

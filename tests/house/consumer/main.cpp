#include <theon/theon.h>

#include <cmath>

int main() {
  using namespace theon;
  Variable x = vector<double>("x");
  Function f = function({x}, {sum(sin(x)), grad(sum(sin(x)), x)});
  const Results results = f(std::vector<double>{0.0, 1.0, 2.0});
  return std::abs(results[0].item<double>() - (std::sin(1.0) + std::sin(2.0))) < 1e-12 ? 0 : 1;
}

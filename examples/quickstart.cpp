// A formula, its derivatives, and native code for both.
#include <theon/theon.h>

#include <iostream>

using namespace theon;

int main() {
  Variable x = scalar<double>("x"), y = scalar<double>("y");
  Variable z = pow(x, 2) * y + sin(x);
  auto [dx, dy] = grad(z, x, y);

  auto f = function<std::tuple<double, double, double>(double, double)>({x, y}, {z, dx, dy});
  auto [value, zx, zy] = f(1.5, 2.0);

  std::cout << z << "\n" << value << " " << zx << " " << zy << "\n";
}

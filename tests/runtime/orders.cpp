// The larger and the smaller of numbers that no order has: NaN, zeros of both signs; in vectors, in what is left of them, and in reductions.
#include <theon/theon.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

using namespace theon;

namespace {

template <class T>
const std::vector<T> special{T{0},
                             -T{0},
                             T{1},
                             T{-1},
                             std::numeric_limits<T>::infinity(),
                             -std::numeric_limits<T>::infinity(),
                             std::numeric_limits<T>::denorm_min(),
                             -std::numeric_limits<T>::denorm_min(),
                             std::numeric_limits<T>::quiet_NaN(),
                             -std::numeric_limits<T>::quiet_NaN(),
                             std::numeric_limits<T>::max()};

template <class T>
T larger(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<T>::quiet_NaN();
  if (a == b) return std::signbit(a) ? b : a;
  return a < b ? b : a;
}

template <class T>
bool is_same(T a, T b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

}  // namespace

TEMPLATE_TEST_CASE("the larger and the smaller of any two numbers", "", float, double) {
  using T = TestType;
  std::vector<T> left, right;
  for (int k = 0; k < 3; ++k)
    for (const T a : special<T>)
      for (const T b : special<T>) {
        left.push_back(a);
        right.push_back(b);
      }
  const Variable x = vector<T>("x"), y = vector<T>("y");
  const Function both = function({x, y}, {maximum(x, y), minimum(x, y)});
  const Results found = both(left, right);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    wrong += !is_same(found[0].data<T>()[i], larger(left[i], right[i]));
    wrong += !is_same(found[1].data<T>()[i], -larger(-left[i], -right[i]));
  }
  CHECK(wrong == 0);
}

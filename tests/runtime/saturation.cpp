// Numbers as integers: truncated towards zero, the nearest end where they lie beyond, 0 for NaN; in vectors and in what is left of them.
#include <theon/theon.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

using namespace theon;

namespace {

template <class T, class I>
I expected(T x) {
  if (std::isnan(x)) return 0;
  // The ends lie between these two powers of two, which are numbers of all formats.
  if (x >= std::ldexp(T{1}, std::numeric_limits<I>::digits)) return std::numeric_limits<I>::max();
  if (x < static_cast<T>(std::numeric_limits<I>::min())) return std::numeric_limits<I>::min();
  return static_cast<I>(x);
}

template <class T>
std::vector<T> numbers() {
  std::vector<T> found{T{0}, -T{0}, std::numeric_limits<T>::quiet_NaN(), -std::numeric_limits<T>::quiet_NaN(),
                       std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::infinity(),
                       -std::numeric_limits<T>::infinity(), std::numeric_limits<T>::max(),
                       std::numeric_limits<T>::lowest()};
  for (const int bits : {0, 1, 6, 7, 8, 15, 16, 31, 32, 52, 62, 63, 64, 90})
    for (const T sign : {T{1}, T{-1}}) {
      const T power = sign * std::ldexp(T{1}, bits);
      for (const T near : {std::nextafter(power, T{0}), power, std::nextafter(power, 2 * power), power - T{1},
                           power + T{1}, power - T{0.5}, power + T{0.5}, power * T{1.75}})
        found.push_back(near);
    }
  return found;
}

}  // namespace

TEMPLATE_PRODUCT_TEST_CASE("numbers beyond an integer type become its ends", "", std::tuple,
                           ((float, std::int32_t), (double, std::int32_t), (float, std::int64_t),
                            (double, std::int64_t), (float, std::uint32_t), (double, std::uint32_t),
                            (float, std::int8_t), (double, std::int16_t), (float, std::uint64_t),
                            (double, std::uint64_t), (double, std::uint8_t))) {
  using T = std::tuple_element_t<0, TestType>;
  using I = std::tuple_element_t<1, TestType>;
  const Variable x = vector<T>("x");
  const Function truncated = function({x}, {cast<I>(x), cast<T>(cast<I>(x)) * 2});
  const std::vector<T> given = numbers<T>();
  const Results found = truncated(given);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const I wanted = expected<T, I>(given[i]);
    CHECK(found[0].template data<I>()[i] == wanted);
    wrong += found[1].template data<T>()[i] != static_cast<T>(wanted) * 2;
  }
  CHECK(wrong == 0);
}

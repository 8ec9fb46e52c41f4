#include "src/tensor/philox.h"

#include <theon/tensor.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

using namespace theon;

TEST_CASE("Philox gives the known answers that Random123 publishes") {
  // Lines "philox4x32 10" of tests/kat_vectors in Random123 1.14.
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a uniform number is the upper 53 of the first 64 bits") {
  CHECK(Tensor::uniform<double>({1}, 0).item<double>() == std::ldexp(0xe169c58d6627e8d5u >> 11, -53));
  CHECK(Tensor::uniform<double>({1}, 0, -2, 6).item<double>() == -2 + 8 * std::ldexp(0xe169c58d6627e8d5u >> 11, -53));
}

TEST_CASE("a normal number is that of Box and Muller") {
  const long double u = std::ldexp(static_cast<long double>(0xe169c58d6627e8d5u >> 11), -53);
  const long double v = std::ldexp(static_cast<long double>(0x9b00dbd8bc57ac4cu >> 11), -53);
  const long double expected = std::sqrt(-2 * std::log(1 - u)) * std::cos(2 * std::numbers::pi_v<long double> * v);
  CHECK(Tensor::randn<double>({}, 0).item<double>() == Approx(static_cast<double>(expected)).epsilon(1e-15));
}

TEST_CASE("normal numbers agree with the C library's logarithm and cosine") {
  const std::vector<double> normals = Tensor::randn<double>({10000}, 42).to_vector<double>();
  double worst = 0;
  for (std::uint32_t i = 0; i < normals.size(); ++i) {
    const PhiloxCounter bits = philox4x32({i, 0, 0, 0}, {42, 0});
    const auto unit = [](std::uint64_t high, std::uint64_t low) { return std::ldexp((high << 32 | low) >> 11, -53); };
    const long double radius = std::sqrt(-2 * std::log(1 - static_cast<long double>(unit(bits[1], bits[0]))));
    const long double angle = 2 * std::numbers::pi_v<long double> * unit(bits[3], bits[2]);
    worst = std::max(worst, std::abs(static_cast<double>(normals[i] - radius * std::cos(angle))));
  }
  CHECK(worst < 4e-15);
}

TEST_CASE("an element depends on the seed and its position, not on the sizes") {
  const Tensor x = Tensor::randn<float>({6}, 7);
  CHECK(identical(Tensor::randn<float>({2, 3}, 7), x.reshape({2, 3})));
  CHECK(identical(Tensor::randn<float>({100}, 7).slice(0, 0, 6), x));
  CHECK_FALSE(identical(Tensor::randn<float>({6}, 8), x));
  CHECK_FALSE(identical(Tensor::randn<float>({6}, 7 + (std::uint64_t{1} << 32)), x));
}

TEST_CASE("the narrow dtypes get the same numbers, rounded") {
  const Tensor wide = Tensor::randn<double>({1000}, 3);
  CHECK(identical(Tensor::randn<float>({1000}, 3), wide.astype<float>()));
  CHECK(identical(Tensor::randn<Half>({1000}, 3), wide.astype<Half>()));
}

TEST_CASE("normal numbers have the moments of a standard normal") {
  const std::vector<double> x = Tensor::randn<double>({100000}, 1).to_vector<double>();
  const auto moment = [&](int power) {
    return std::accumulate(x.begin(), x.end(), 0.0, [&](double sum, double v) { return sum + std::pow(v, power); }) /
           x.size();
  };
  // Five standard errors: sqrt((E x^2n - (E x^n)^2) / 100000).
  CHECK(std::abs(moment(1)) < 0.016);
  CHECK(std::abs(moment(2) - 1) < 0.023);
  CHECK(std::abs(moment(3)) < 0.062);
  CHECK(std::abs(moment(4) - 3) < 0.155);
}

TEMPLATE_TEST_CASE("uniform numbers of a narrow dtype stay below the upper bound", "", Half, BFloat16, float) {
  const std::vector<double> x = Tensor::uniform<TestType>({100000}, 5).template to_vector<double>();
  CHECK(*std::ranges::min_element(x) >= 0);
  CHECK(*std::ranges::max_element(x) < 1);
  const std::vector<double> y = Tensor::uniform<TestType>({100000}, 5, -3, -0.5).template to_vector<double>();
  CHECK(*std::ranges::min_element(y) >= -3);
  CHECK(*std::ranges::max_element(y) < -0.5);
  const std::vector<double> z = Tensor::uniform<TestType>({100000}, 5, -1, 0).template to_vector<double>();
  CHECK(*std::ranges::max_element(z) < 0);
}

TEST_CASE("uniform integers take every value below the upper bound alike") {
  std::vector<int> seen(10);
  for (const int value : Tensor::uniform<int>({10000}, 9, -5, 5).to_vector<int>()) ++seen.at(value + 5);
  // Six standard deviations of a binomial of 10000 draws at 0.1.
  for (const int times : seen) CHECK(std::abs(times - 1000) < 180);
}

TEST_CASE("random numbers that make no sense are refused") {
  CHECK_THROWS_AS(Tensor::randn<int>({3}, 1), DTypeError);
  CHECK_THROWS_AS(Tensor::uniform<float>({3}, 1, 1, 1), ArgumentError);
  CHECK_THROWS_AS(Tensor::uniform<float>({3}, 1, 0, HUGE_VAL), ArgumentError);
  CHECK_THROWS_AS(Tensor::uniform<float>({3}, 1, std::nan(""), 1), ArgumentError);
}

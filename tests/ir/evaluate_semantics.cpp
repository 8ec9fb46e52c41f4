#include "src/ir/semantics.h"

#include "src/tensor/half.h"

#include <theon/error.h>
#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace theon;
using namespace theon::ir;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <Scalar T>
T run(Opcode op, T a, T b) {
  const std::array args{Value::of(a), Value::of(b)};
  const Value result = apply(op, dtype_of<T>, args);
  return result.as<T>();
}

template <Scalar T>
T run(Opcode op, T a) {
  const std::array args{Value::of(a)};
  const Value result = apply(op, dtype_of<T>, args);
  return result.as<T>();
}

template <Scalar T>
bool holds(Opcode op, T a, T b) {
  const std::array args{Value::of(a), Value::of(b)};
  const Value result = apply(op, DType::boolean, args);
  return result.as<bool>();
}

/// NaN equals NaN, and +0 differs from -0.
bool same_number(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

int wrapped(int value, int bits, bool is_signed) {
  const int modulus = 1 << bits;
  const int rest = ((value % modulus) + modulus) % modulus;
  return is_signed && rest >= modulus / 2 ? rest - modulus : rest;
}

int python_floor_div(int a, int b) { return b == 0 ? 0 : static_cast<int>(std::floor(static_cast<double>(a) / b)); }
int python_mod(int a, int b) { return b == 0 ? 0 : a - b * python_floor_div(a, b); }

int power(int x, int n) {
  if (n < 0) return x == 1 ? 1 : x == -1 ? (n % 2 == 0 ? 1 : -1) : 0;
  int result = 1;
  for (int k = 0; k < n; ++k) result = wrapped(result * x, 16, true);
  return result;
}

/// What an operation on integers of 8 bits is before it wraps.
struct Oracle {
  Opcode op;
  std::function<int(int, int)> value;
};

const std::vector<Oracle>& oracles() {
  static const std::vector<Oracle> all{
      {Opcode::add, [](int a, int b) { return a + b; }},
      {Opcode::sub, [](int a, int b) { return a - b; }},
      {Opcode::mul, [](int a, int b) { return a * b; }},
      {Opcode::div, [](int a, int b) { return b == 0 ? 0 : static_cast<int>(std::trunc(static_cast<double>(a) / b)); }},
      {Opcode::floor_div, python_floor_div},
      {Opcode::mod, python_mod},
      {Opcode::min, [](int a, int b) { return a < b ? a : b; }},
      {Opcode::max, [](int a, int b) { return a > b ? a : b; }},
      {Opcode::pow, power},
      {Opcode::bit_and, [](int a, int b) { return a & b; }},
      {Opcode::bit_or, [](int a, int b) { return a | b; }},
      {Opcode::bit_xor, [](int a, int b) { return a ^ b; }},
      {Opcode::shift_left, [](int a, int b) { return b < 0 || b >= 8 ? 0 : a * (1 << b); }},
      {Opcode::shift_right,
       [](int a, int b) {
         return b < 0 || b >= 8 ? (a < 0 ? -1 : 0) : static_cast<int>(std::floor(a / std::exp2(b)));
       }},
  };
  return all;
}

template <class T>
void check_all_pairs() {
  constexpr bool is_signed = std::numeric_limits<T>::is_signed;
  for (const Oracle& oracle : oracles()) {
    int wrong = 0;
    for (int a = std::numeric_limits<T>::min(); a <= std::numeric_limits<T>::max(); ++a) {
      for (int b = std::numeric_limits<T>::min(); b <= std::numeric_limits<T>::max(); ++b) {
        wrong += run(oracle.op, static_cast<T>(a), static_cast<T>(b)) != wrapped(oracle.value(a, b), 8, is_signed);
      }
    }
    INFO(name(oracle.op));
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE("integers of 8 bits follow Python's rules and wrap, for all pairs") {
  check_all_pairs<std::int8_t>();
  check_all_pairs<std::uint8_t>();
}

TEST_CASE("integers of 8 bits compare as numbers, for all pairs") {
  int wrong = 0;
  for (int a = -128; a < 128; ++a) {
    for (int b = -128; b < 128; ++b) {
      const auto x = static_cast<std::int8_t>(a), y = static_cast<std::int8_t>(b);
      wrong += holds(Opcode::lt, x, y) != (a < b);
      wrong += holds(Opcode::le, x, y) != (a <= b);
      wrong += holds(Opcode::eq, x, y) != (a == b);
      wrong += holds(Opcode::ne, x, y) != (a != b);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("unary operations on integers wrap, and rounding leaves them alone") {
  for (int a = -128; a < 128; ++a) {
    const auto x = static_cast<std::int8_t>(a);
    REQUIRE(run(Opcode::neg, x) == wrapped(-a, 8, true));
    REQUIRE(run(Opcode::abs, x) == wrapped(std::abs(a), 8, true));
    REQUIRE(run(Opcode::bit_not, x) == ~a);
    for (const Opcode op : {Opcode::floor, Opcode::ceil, Opcode::trunc, Opcode::round}) REQUIRE(run(op, x) == x);
  }
}

TEST_CASE("the ends of 64 bits neither trap nor saturate") {
  const std::int64_t low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
  CHECK(run(Opcode::add, high, std::int64_t{1}) == low);
  CHECK(run(Opcode::sub, low, std::int64_t{1}) == high);
  CHECK(run(Opcode::mul, low, std::int64_t{-1}) == low);
  CHECK(run(Opcode::neg, low) == low);
  CHECK(run(Opcode::abs, low) == low);
  CHECK(run(Opcode::div, low, std::int64_t{-1}) == low);
  CHECK(run(Opcode::floor_div, low, std::int64_t{-1}) == low);
  CHECK(run(Opcode::mod, low, std::int64_t{-1}) == 0);
  CHECK(run(Opcode::floor_div, low, std::int64_t{3}) == -3074457345618258603);
  CHECK(run(Opcode::mod, high, low) == -1);
  CHECK(run(Opcode::shift_left, std::int64_t{1}, std::int64_t{63}) == low);
  CHECK(run(Opcode::shift_left, std::int64_t{1}, std::int64_t{64}) == 0);
  CHECK(run(Opcode::shift_right, low, std::int64_t{1} << 40) == -1);
  CHECK(run(Opcode::shift_right, ~std::uint64_t{0}, std::uint64_t{64}) == 0);
  CHECK(run(Opcode::shift_right, ~std::uint64_t{0}, std::uint64_t{63}) == 1);
}

TEST_CASE("booleans have logic, comparisons, min and max, and no arithmetic") {
  for (const bool a : {false, true}) {
    for (const bool b : {false, true}) {
      CHECK(run(Opcode::bit_and, a, b) == (a && b));
      CHECK(run(Opcode::bit_or, a, b) == (a || b));
      CHECK(run(Opcode::bit_xor, a, b) == (a != b));
      CHECK(run(Opcode::min, a, b) == (a && b));
      CHECK(run(Opcode::max, a, b) == (a || b));
      CHECK(holds(Opcode::lt, a, b) == (!a && b));
    }
    CHECK(run(Opcode::bit_not, a) == !a);
  }
  CHECK_THROWS_AS(run(Opcode::add, true, true), InternalError);
  CHECK_THROWS_AS(run(Opcode::sqrt, std::int32_t{4}), InternalError);
  CHECK_THROWS_AS(run(Opcode::bit_and, 1.0, 2.0), InternalError);
}

TEST_CASE("min and max propagate NaN, and -0 is below +0") {
  for (const Opcode op : {Opcode::min, Opcode::max}) {
    CHECK(std::isnan(run(op, not_a_number, 1.0)));
    CHECK(std::isnan(run(op, 1.0, not_a_number)));
    CHECK(std::isnan(run(op, not_a_number, -infinity)));
  }
  CHECK(same_number(run(Opcode::min, 0.0, -0.0), -0.0));
  CHECK(same_number(run(Opcode::min, -0.0, 0.0), -0.0));
  CHECK(same_number(run(Opcode::max, 0.0, -0.0), 0.0));
  CHECK(same_number(run(Opcode::max, -0.0, 0.0), 0.0));
  CHECK(run(Opcode::max, 1.0f, 2.0f) == 2.0f);
}

TEST_CASE("comparisons with NaN are false, but for not equal") {
  CHECK_FALSE(holds(Opcode::lt, not_a_number, 1.0));
  CHECK_FALSE(holds(Opcode::le, not_a_number, not_a_number));
  CHECK_FALSE(holds(Opcode::eq, not_a_number, not_a_number));
  CHECK(holds(Opcode::ne, not_a_number, not_a_number));
  CHECK(holds(Opcode::eq, 0.0, -0.0));
}

TEST_CASE("mod and floor_div of floating types are numpy.divmod") {
  struct Case {
    double a, b, quotient, rest;
  };
  // From NumPy 1.26: np.divmod(a, b).
  const std::vector<Case> cases{
      {7, 2, 3, 1},
      {-7, 2, -4, 1},
      {7, -2, -4, -1},
      {-7, -2, 3, -1},
      {5.5, 0.5, 11, 0},
      {-0.0, 3, -0.0, 0},
      {1, infinity, 0, 1},
      {-1, infinity, -1, infinity},
      {0.3, 0.1, 2, 0.09999999999999998},
      {1, 0, infinity, not_a_number},
      {-1, 0, -infinity, not_a_number},
      {0, 0, not_a_number, not_a_number},
      {infinity, 2, not_a_number, not_a_number},
      {not_a_number, 2, not_a_number, not_a_number},
      {4, -2, -2, -0.0},
  };
  for (const Case& c : cases) {
    INFO(c.a << " by " << c.b);
    CHECK(same_number(run(Opcode::floor_div, c.a, c.b), c.quotient));
    CHECK(same_number(run(Opcode::mod, c.a, c.b), c.rest));
  }
}

TEST_CASE("rounding goes to the even neighbour and keeps the sign of zero") {
  CHECK(run(Opcode::round, 0.5) == 0);
  CHECK(run(Opcode::round, 1.5) == 2);
  CHECK(run(Opcode::round, 2.5) == 2);
  CHECK(run(Opcode::round, -2.5f) == -2.0f);
  CHECK(same_number(run(Opcode::round, -0.3), -0.0));
  CHECK(same_number(run(Opcode::ceil, -0.3), -0.0));
  CHECK(run(Opcode::floor, -0.3) == -1);
  CHECK(run(Opcode::trunc, -1.7) == -1);
}

TEST_CASE("numbers are taken apart and scaled") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(run(Opcode::exponent, 12.0) == 3);
  CHECK(run(Opcode::exponent, -0.75f) == -1.0f);
  CHECK(run(Opcode::exponent, 0x1.8p-1074) == -1073);
  CHECK(run(Opcode::exponent, -0.0) == -infinity);
  CHECK(run(Opcode::exponent, -infinity) == infinity);
  CHECK(run(Opcode::mantissa, 12.0) == 0.75);
  CHECK(run(Opcode::mantissa, 0x1.7ffffep3f) == 0x1.7ffffep0f);
  CHECK(run(Opcode::mantissa, 0x1p-1074) == 1);
  CHECK(run(Opcode::mantissa, -0.0) == 1);
  CHECK(run(Opcode::mantissa, infinity) == 1);
  CHECK(std::isnan(run(Opcode::mantissa, -1.0)));
  CHECK(std::isnan(run(Opcode::mantissa, -infinity)));
  CHECK(run(Opcode::scale, 3.0, -1.5) == 0.75);
  CHECK(run(Opcode::scale, 3.0f, -150.0f) == 0x1p-148f);
  CHECK(run(Opcode::scale, -1.0, 1e9) == -infinity);
  CHECK(std::isnan(run(Opcode::scale, 1.0, std::nan(""))));
}

TEST_CASE("the estimate of a reciprocal square root is off by less than 2^-14, its special values are not") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const double x : {1.0, 2.0, 3.0, 0x1p-1074, 0x1.23456789abcdep300}) {
    CHECK(run(Opcode::rsqrt_estimate, x) <= 1 / std::sqrt(x));
    CHECK(run(Opcode::rsqrt_estimate, x) > (1 - 0x1p-14) / std::sqrt(x));
  }
  CHECK(run(Opcode::rsqrt_estimate, 3.0f) == 0x1.2798p-1f);
  CHECK(run(Opcode::rsqrt_estimate, 0.0) == infinity);
  CHECK(run(Opcode::rsqrt_estimate, -0.0f) == -std::numeric_limits<float>::infinity());
  CHECK(run(Opcode::rsqrt_estimate, infinity) == 0);
  CHECK(std::isnan(run(Opcode::rsqrt_estimate, -1.0)));
}

TEST_CASE("fma rounds once") {
  const float a = 1.0f + 0x1p-23f, b = 1.0f - 0x1p-23f;
  const std::array args{Value::of(a), Value::of(b), Value::of(-1.0f)};
  CHECK(apply(Opcode::fma, DType::float32, args).as<float>() == -0x1p-46f);
  CHECK(a * b + -1.0f == 0.0f);
}

TEST_CASE("float16 and bfloat16 compute in float32 and round, for all values") {
  int wrong = 0;
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const Half x{static_cast<std::uint16_t>(bits)};
    const BFloat16 y{static_cast<std::uint16_t>(bits)};
    wrong += !same_number(to_float(run(Opcode::mul, x, x)), to_float(to_half(to_float(x) * to_float(x))));
    wrong += !same_number(to_float(run(Opcode::sqrt, x)), to_float(to_half(std::sqrt(to_float(x)))));
    wrong += !same_number(to_float(run(Opcode::add, y, y)), to_float(to_bfloat16(to_float(y) + to_float(y))));
    wrong += !same_number(to_float(run(Opcode::neg, y)), -to_float(y));
  }
  CHECK(wrong == 0);
}

TEST_CASE("math of float32 is computed in double and rounded once") {
  for (float x = -3.0f; x < 3.0f; x += 0.0917f) {
    CHECK(run(Opcode::exp, x) == static_cast<float>(std::exp(static_cast<double>(x))));
    CHECK(run(Opcode::erf, x) == static_cast<float>(std::erf(static_cast<double>(x))));
    CHECK(run(Opcode::tanh, static_cast<double>(x)) == std::tanh(static_cast<double>(x)));
  }
  CHECK(run(Opcode::pow, 2.0, 10.0) == 1024);
  CHECK(run(Opcode::log, 0.0) == -infinity);
}

TEST_CASE("conversion to integers truncates, saturates, and takes NaN for 0") {
  const auto to = [](auto value, DType dtype) { return convert(Value::of(value), dtype); };
  CHECK(to(-1.9, DType::int32).as<std::int32_t>() == -1);
  CHECK(to(300.0, DType::int8).as<std::int8_t>() == 127);
  CHECK(to(-5.0f, DType::uint8).as<std::uint8_t>() == 0);
  CHECK(to(not_a_number, DType::int64).as<std::int64_t>() == 0);
  CHECK(to(infinity, DType::uint64).as<std::uint64_t>() == std::numeric_limits<std::uint64_t>::max());
  CHECK(to(std::int32_t{300}, DType::int8).as<std::int8_t>() == 44);
  CHECK(to(-0.0, DType::boolean).as<bool>() == false);
  CHECK(to(not_a_number, DType::boolean).as<bool>() == true);
}

TEST_CASE("a bit pattern is reread only as a type of its size, and never as a boolean") {
  const std::array one{Value::of(1.0f)};
  CHECK(apply(Opcode::bitcast, DType::uint32, one).as<std::uint32_t>() == 0x3f800000);
  CHECK(operation(Opcode::bitcast, DType::float32, DType::int64) == nullptr);
  CHECK(operation(Opcode::bitcast, DType::uint8, DType::boolean) == nullptr);
}

TEST_CASE("only what every target computes alike is exact") {
  CHECK(is_exact(Opcode::add, DType::float32));
  CHECK(is_exact(Opcode::sqrt, DType::float16));
  CHECK(is_exact(Opcode::fma, DType::float64));
  CHECK(is_exact(Opcode::convert, DType::float64));
  CHECK(is_exact(Opcode::pow, DType::int32));
  CHECK_FALSE(is_exact(Opcode::pow, DType::float32));
  CHECK_FALSE(is_exact(Opcode::exp, DType::float64));
  CHECK_FALSE(is_exact(Opcode::load, DType::float64));
}

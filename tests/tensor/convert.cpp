#include "src/tensor/convert.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

using namespace theon;

TEMPLATE_TEST_CASE("a float becomes an integer by truncation, within its range", "", std::int8_t, std::int16_t,
                   std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t) {
  using Limits = std::numeric_limits<TestType>;
  CHECK(convert<TestType>(1.9) == 1);
  CHECK(convert<TestType>(-0.9) == 0);
  CHECK(convert<TestType>(1e30) == Limits::max());
  CHECK(convert<TestType>(-1e30) == Limits::min());
  CHECK(convert<TestType>(HUGE_VAL) == Limits::max());
  CHECK(convert<TestType>(-HUGE_VALF) == Limits::min());
  CHECK(convert<TestType>(std::nan("")) == 0);

  const double end = std::ldexp(1.0, Limits::digits), last = std::nextafter(end, 0.0);
  CHECK(convert<TestType>(end) == Limits::max());
  CHECK(convert<TestType>(last) == static_cast<TestType>(last));
  CHECK(convert<TestType>(static_cast<double>(Limits::min())) == Limits::min());
}

TEST_CASE("negative floats truncate towards zero") {
  CHECK(convert<std::int32_t>(-1.9f) == -1);
  CHECK(convert<std::uint8_t>(-1.9f) == 0);
  CHECK(convert<std::int8_t>(-128.9) == -128);
}

TEST_CASE("integers wrap") {
  CHECK(convert<std::uint8_t>(std::int32_t{300}) == 44);
  CHECK(convert<std::int8_t>(std::int32_t{200}) == -56);
  CHECK(convert<std::uint64_t>(std::int8_t{-1}) == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("everything but zero is true") {
  CHECK(convert<bool>(0.5));
  CHECK(convert<bool>(std::nan("")));
  CHECK(convert<bool>(std::int8_t{-1}));
  CHECK(convert<bool>(Half{0x0001}));
  CHECK_FALSE(convert<bool>(-0.0));
  CHECK_FALSE(convert<bool>(Half{0x8000}));
  CHECK(convert<double>(true) == 1.0);
}

TEST_CASE("float64 becomes float16 in one rounding") {
  // By way of float32 the last bit would be lost, and the tie would go to the even 1.
  CHECK(convert<Half>(1.0 + 0x1p-11 + 0x1p-40).bits == 0x3c01);
  CHECK(convert<BFloat16>(1.0 + 0x1p-8 + 0x1p-40).bits == 0x3f81);
}

TEST_CASE("a value of the type itself keeps its bits") {
  CHECK(convert<Half>(Half{0x7c01}).bits == 0x7c01);
  CHECK(convert<std::int64_t>(std::numeric_limits<std::int64_t>::max()) == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("float16 and bfloat16 meet integers and each other by value") {
  CHECK(convert<Half>(std::int32_t{65504}).bits == 0x7bff);
  CHECK(convert<std::int16_t>(Half{0xc500}) == -5);
  CHECK(convert<BFloat16>(Half{0x3c00}).bits == 0x3f80);
}

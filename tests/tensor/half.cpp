// Every finite number of the formats, and every border between two of them, against their definition in IEEE 754: the
// fraction, with a leading one unless the exponent is zero, times a power of two.
#include "src/tensor/half.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace theon;

namespace {

struct HalfFormat {
  using Number = Half;
  static constexpr int fraction_bits = 10, bias = 15;
  static Number round(double value) { return to_half(value); }
};

struct BFloat16Format {
  using Number = BFloat16;
  static constexpr int fraction_bits = 7, bias = 127;
  static Number round(double value) { return to_bfloat16(value); }
};

template <class Format>
constexpr unsigned infinity_bits = (2 * Format::bias + 1) << Format::fraction_bits;

/// The value of bits without sign, infinity counting as the power of two that would follow the largest number.
template <class Format>
double defined_value(unsigned bits) {
  const unsigned leading = 1u << Format::fraction_bits;
  const unsigned exponent = bits >> Format::fraction_bits, fraction = bits & (leading - 1);
  return exponent == 0
             ? std::ldexp(fraction, 1 - Format::bias - Format::fraction_bits)
             : std::ldexp(leading + fraction, static_cast<int>(exponent) - Format::bias - Format::fraction_bits);
}

template <class Format>
unsigned rounded(double value) {
  return Format::round(value).bits;
}

}  // namespace

TEMPLATE_TEST_CASE("every finite number of 16 bits has its defined value and comes back", "", HalfFormat,
                   BFloat16Format) {
  int wrong = 0;
  for (unsigned bits = 0; bits < infinity_bits<TestType>; ++bits) {
    const double value = defined_value<TestType>(bits);
    const auto positive = static_cast<std::uint16_t>(bits), negative = static_cast<std::uint16_t>(bits | 0x8000);
    wrong += to_float(typename TestType::Number{positive}) != value || rounded<TestType>(value) != positive;
    wrong += to_float(typename TestType::Number{negative}) != -value || rounded<TestType>(-value) != negative;
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("between two numbers of 16 bits the nearest wins, and in the middle the even one", "", HalfFormat,
                   BFloat16Format) {
  int wrong = 0;
  for (unsigned below = 0; below < infinity_bits<TestType>; ++below) {
    const unsigned above = below + 1, even = below % 2 == 0 ? below : above;
    const double middle = (defined_value<TestType>(below) + defined_value<TestType>(above)) / 2;
    wrong += rounded<TestType>(middle) != even;
    wrong += rounded<TestType>(std::nextafter(middle, 0.0)) != below;
    wrong += rounded<TestType>(std::nextafter(middle, HUGE_VAL)) != above;
    wrong += rounded<TestType>(-middle) != (even | 0x8000);
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("what is too large becomes infinity, what is too small zero, and signs stay", "", HalfFormat,
                   BFloat16Format) {
  const unsigned infinity = infinity_bits<TestType>;
  for (const double huge : {1e39, std::numeric_limits<double>::max(), HUGE_VAL}) {
    CHECK(rounded<TestType>(huge) == infinity);
    CHECK(rounded<TestType>(-huge) == (infinity | 0x8000));
  }
  for (const double tiny : {1e-60, std::numeric_limits<double>::denorm_min(), 0.0}) {
    CHECK(rounded<TestType>(tiny) == 0);
    CHECK(rounded<TestType>(-tiny) == 0x8000);
  }
  CHECK(to_float(typename TestType::Number{static_cast<std::uint16_t>(infinity)}) == HUGE_VALF);
}

TEMPLATE_TEST_CASE("every NaN of 16 bits is a NaN and comes back quiet", "", HalfFormat, BFloat16Format) {
  int wrong = 0;
  for (unsigned bits = infinity_bits<TestType> + 1; bits < 0x8000; ++bits) {
    const float value = to_float(typename TestType::Number{static_cast<std::uint16_t>(bits)});
    wrong += !std::isnan(value);
    wrong += rounded<TestType>(value) != (bits | 1u << (TestType::fraction_bits - 1));
  }
  CHECK(wrong == 0);
}

TEST_CASE("a NaN whose payload lies in the lost bits stays a NaN") {
  const double faint = std::bit_cast<double>(0x7ff0000000000001u);
  CHECK(to_half(faint).bits == 0x7e00);
  CHECK(to_bfloat16(faint).bits == 0x7fc0);
}

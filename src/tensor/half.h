// The two floating types of 16 bits: conversion only, arithmetic happens in float32.
#pragma once

#include <theon/dtype.h>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace theon {

namespace detail {

/// value / 2^shift, rounded to the nearest integer, ties to the even one; 1 <= shift <= 63.
constexpr std::uint64_t shift_to_even(std::uint64_t value, int shift) {
  const std::uint64_t quotient = value >> shift, rest = value - (quotient << shift),
                      tie = std::uint64_t{1} << (shift - 1);
  return quotient + (rest > tie || (rest == tie && (quotient & 1)));
}

/// The bits of an IEEE interchange format of 16 bits that is nearest to the value. Doubles hold every float32, so
/// nothing is rounded twice.
template <int significand_bits>
constexpr std::uint16_t encode(double value) {
  constexpr int bias = (1 << (14 - significand_bits)) - 1;
  constexpr std::uint64_t infinity = static_cast<std::uint64_t>(2 * bias + 1) << significand_bits;
  constexpr std::uint64_t fraction_mask = (std::uint64_t{1} << 52) - 1;

  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 63 << 15);
  const std::uint64_t fraction = bits & fraction_mask;
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023 + bias;

  if (exponent == 1024 + bias) {
    const std::uint64_t quiet = std::uint64_t{1} << (significand_bits - 1);
    const std::uint64_t payload = fraction == 0 ? 0 : fraction >> (52 - significand_bits) | quiet;
    return static_cast<std::uint16_t>(sign | infinity | payload);
  }
  // Subnormals share the scale of the smallest normal exponent. The leading one, and a carry, add to the exponent.
  const int scale = std::max(exponent, 1);
  const int shift = std::min(52 - significand_bits + scale - exponent, 63);
  const std::uint64_t significand = shift_to_even(fraction | (std::uint64_t{1} << 52), shift);
  const std::uint64_t magnitude = (static_cast<std::uint64_t>(scale - 1) << significand_bits) + significand;
  return static_cast<std::uint16_t>(sign | std::min(magnitude, infinity));
}

}  // namespace detail

/// The nearest Half, ties to even; beyond 65519 infinity. A NaN stays one, made quiet, with the upper bits of its
/// payload.
constexpr Half to_half(double value) { return {detail::encode<10>(value)}; }

/// The nearest BFloat16, ties to even.
constexpr BFloat16 to_bfloat16(double value) { return {detail::encode<7>(value)}; }

/// Exact.
constexpr float to_float(Half value) {
  const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x8000u) << 16;
  const std::uint32_t exponent = value.bits >> 10 & 0x1fu, fraction = value.bits & 0x3ffu;
  if (exponent == 0)
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24f));
  const std::uint32_t rebiased = exponent == 0x1f ? 0xffu : exponent + 127 - 15;
  return std::bit_cast<float>(sign | rebiased << 23 | fraction << 13);
}

/// Exact.
constexpr float to_float(BFloat16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16); }

}  // namespace theon

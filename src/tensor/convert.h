// One element from one type to another, the same on every target.
#pragma once

#include <theon/dtype.h>

#include "src/tensor/half.h"

#include <concepts>
#include <limits>
#include <type_traits>

namespace theon {

/// The element as a C++ arithmetic type that holds it exactly.
template <class T>
constexpr T arithmetic(T value) {
  return value;
}
constexpr float arithmetic(Half value) { return to_float(value); }
constexpr float arithmetic(BFloat16 value) { return to_float(value); }

/// Truncates towards zero; beyond the range of T its nearest end, and 0 for NaN.
template <std::integral T>
constexpr T saturate(double value) {
  // Unlike the maximum of a 64-bit T, its successor is a double.
  const double end = 2.0 * static_cast<double>(std::numeric_limits<T>::max() / 2 + 1);
  const double begin = static_cast<double>(std::numeric_limits<T>::min());
  if (value != value) return 0;
  if (value >= end) return std::numeric_limits<T>::max();
  if (value <= begin) return std::numeric_limits<T>::min();
  return static_cast<T>(value);
}

/// The conversion of Tensor::astype.
template <class To, class From>
constexpr To convert(From from) {
  const auto value = arithmetic(from);
  using Value = std::remove_const_t<decltype(value)>;
  if constexpr (std::same_as<To, From>)
    return from;
  else if constexpr (std::same_as<To, bool>)
    return value != 0;
  else if constexpr (std::same_as<To, Half>)
    return to_half(static_cast<double>(value));
  else if constexpr (std::same_as<To, BFloat16>)
    return to_bfloat16(static_cast<double>(value));
  else if constexpr (std::integral<To> && std::floating_point<Value>)
    return saturate<To>(value);
  else
    return static_cast<To>(value);
}

}  // namespace theon

// Random tensors. Element i depends on the seed and i alone. Logarithm and cosine are spelled out in operations that
// IEEE 754 rounds exactly, because those of the C library differ in the last bit from one system to the next.
#include <theon/tensor.h>

#include "src/support/check.h"
#include "src/tensor/convert.h"
#include "src/tensor/dispatch.h"
#include "src/tensor/philox.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace theon {

namespace {

PhiloxCounter draw(std::uint64_t seed, std::int64_t element) {
  const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
  const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); };
  const auto position = static_cast<std::uint64_t>(element);
  return philox4x32({low(position), high(position), 0, 0}, {low(seed), high(seed)});
}

/// The upper 53 of 64 bits as a multiple of 2^-53 in [0, 1).
double unit(std::uint32_t low, std::uint32_t high) {
  return static_cast<double>((static_cast<std::uint64_t>(high) << 32 | low) >> 11) * 0x1p-53;
}

/// log(x) = e log(2) + 2 artanh((m - 1) / (m + 1)) for x = m 2^e, with the series of artanh.
double log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < std::numbers::sqrt2 / 2) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  double series = 0;
  for (int k = 25; k >= 1; k -= 2) series = series * (s * s) + 1.0 / k;
  return exponent * std::numbers::ln2 + 2 * s * series;
}

/// 1 - x^2 / (n (n - 1)) (1 - x^2 / ((n + 2) (n + 1)) (1 - ...)): cos(x) for n = 2, sin(x) / x for n = 3.
double alternating_series(double x, int n) {
  double series = 1;
  for (int k = n + 16; k >= n; k -= 2) series = 1 - series * (x * x) / (k * (k - 1));
  return series;
}

/// cos(2 pi t) for 0 <= t < 1.
double cos_of_turns(double t) {
  const double quarter = std::floor(4 * t + 0.5);
  const double x = 2 * std::numbers::pi * (t - quarter / 4);
  switch (static_cast<int>(quarter) % 4) {
    case 0:
      return alternating_series(x, 2);
    case 1:
      return -x * alternating_series(x, 3);
    case 2:
      return -alternating_series(x, 2);
    default:
      return x * alternating_series(x, 3);
  }
}

/// Box and Muller, A note on the generation of random normal deviates (1958).
double normal(const PhiloxCounter& bits) {
  const double radius = std::sqrt(-2 * log(1 - unit(bits[0], bits[1])));
  return radius * cos_of_turns(unit(bits[2], bits[3]));
}

/// The next smaller number of the floating type that the bits encode.
template <class Bits>
Bits next_below(Bits bits) {
  constexpr Bits sign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  if (bits & sign) return static_cast<Bits>(bits + 1);
  return static_cast<Bits>(bits == 0 ? sign | 1 : bits - 1);
}

template <class T, class Bits>
double largest_below(double bound) {
  const T nearest = convert<T>(bound);
  if (convert<double>(nearest) < bound) return convert<double>(nearest);
  return convert<double>(std::bit_cast<T>(next_below(std::bit_cast<Bits>(nearest))));
}

/// The largest number below the bound that the floating dtype holds: rounding to the nearest must not reach the bound.
double largest_below(DType dtype, double bound) {
  switch (dtype) {
    case DType::float16:
      return largest_below<Half, std::uint16_t>(bound);
    case DType::bfloat16:
      return largest_below<BFloat16, std::uint16_t>(bound);
    case DType::float32:
      return largest_below<float, std::uint32_t>(bound);
    default:
      return largest_below<double, std::uint64_t>(bound);
  }
}

/// A tensor of f(i) for each element i.
template <class F>
Tensor fill(DType dtype, Sizes sizes, F&& f) {
  Tensor result(DType::float64, std::move(sizes));
  double* const values = result.mutable_data<double>();
  for (std::int64_t i = 0, n = result.size(); i < n; ++i) values[i] = f(i);
  return dtype == DType::float64 ? result : result.astype(dtype);
}

}  // namespace

Tensor Tensor::randn(DType dtype, Sizes sizes, std::uint64_t seed) {
  if (!is_floating(dtype)) fail<DTypeError>({}, "randn: normal numbers are floating, not {}", name(dtype));
  return fill(dtype, std::move(sizes), [&](std::int64_t i) { return normal(draw(seed, i)); });
}

Tensor Tensor::uniform(DType dtype, Sizes sizes, std::uint64_t seed, double low, double high) {
  const double width = high - low;
  if (!(width > 0 && std::isfinite(width)))
    fail<ArgumentError>({}, "uniform: the interval from {} to {} must be finite and not empty", low, high);
  const double last = largest_below(dtype, high);
  return fill(dtype, std::move(sizes), [&](std::int64_t i) {
    const PhiloxCounter bits = draw(seed, i);
    const double value = std::min(low + width * unit(bits[0], bits[1]), last);
    return is_floating(dtype) ? value : std::floor(value);
  });
}

}  // namespace theon

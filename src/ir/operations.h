// The operations of the element language as function objects over the types elements compute in: bool, the integers,
// float and double. Where one cannot be called with a type, the operation is not defined for it.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace theon::ir::operations {

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;
template <class T>
concept Float = std::floating_point<T>;
template <class T>
concept Number = Integer<T> || Float<T>;

/// The type in which + - * of T happen: for integers an unsigned one that wraps and is wide enough not to be promoted
/// to a signed one.
template <Number T>
using Computing = std::conditional_t<Float<T>, T, std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>>;

struct Add {
  template <Number T>
  T operator()(T a, T b) const {
    return static_cast<T>(Computing<T>(a) + Computing<T>(b));
  }
};

struct Sub {
  template <Number T>
  T operator()(T a, T b) const {
    return static_cast<T>(Computing<T>(a) - Computing<T>(b));
  }
};

struct Mul {
  template <Number T>
  T operator()(T a, T b) const {
    return static_cast<T>(Computing<T>(a) * Computing<T>(b));
  }
};

struct Neg {
  template <Number T>
  T operator()(T a) const {
    return static_cast<T>(-Computing<T>(a));
  }
};

/// Of integers: the smallest number has no opposite.
template <Integer T>
bool overflows_division(T a, T b) {
  if constexpr (std::is_signed_v<T>) return b == -1 && a == std::numeric_limits<T>::min();
  return false;
}

template <Number T>
bool differ_in_sign(T a, T b) {
  return (a < 0) != (b < 0);
}

struct Div {
  template <Float T>
  T operator()(T a, T b) const {
    return a / b;
  }
  template <Integer T>
  T operator()(T a, T b) const {
    if (b == 0) return 0;
    return overflows_division(a, b) ? a : static_cast<T>(a / b);
  }
};

struct Mod {
  template <Float T>
  T operator()(T a, T b) const {
    const T rest = std::fmod(a, b);
    if (rest == 0) return std::copysign(T(0), b);
    return differ_in_sign(rest, b) ? rest + b : rest;
  }
  template <Integer T>
  T operator()(T a, T b) const {
    if (b == 0 || overflows_division(a, b)) return 0;
    const auto rest = static_cast<T>(a % b);
    return rest != 0 && differ_in_sign(rest, b) ? static_cast<T>(rest + b) : rest;
  }
};

struct FloorDiv {
  template <Float T>
  T operator()(T a, T b) const {
    if (b == 0) return a / b;
    const T rest = std::fmod(a, b);
    const T below = rest != 0 && differ_in_sign(rest, b) ? T(1) : T(0);
    // An integer, up to the rounding of the division.
    const T quotient = (a - rest) / b - below;
    return quotient == 0 ? std::copysign(T(0), a / b) : std::nearbyint(quotient);
  }
  template <Integer T>
  T operator()(T a, T b) const {
    if (b == 0 || overflows_division(a, b)) return Div()(a, b);
    const bool is_above = a % b != 0 && differ_in_sign(a, b);
    return static_cast<T>(a / b - (is_above ? 1 : 0));
  }
};

struct Min {
  template <Float T>
  T operator()(T a, T b) const {
    if (std::isnan(a) || std::isnan(b)) return a + b;
    return a == b ? (std::signbit(a) ? a : b) : (a < b ? a : b);
  }
  template <std::integral T>
  T operator()(T a, T b) const {
    return a < b ? a : b;
  }
};

struct Max {
  template <Float T>
  T operator()(T a, T b) const {
    if (std::isnan(a) || std::isnan(b)) return a + b;
    return a == b ? (std::signbit(a) ? b : a) : (a < b ? b : a);
  }
  template <std::integral T>
  T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

struct Abs {
  template <Float T>
  T operator()(T a) const {
    return std::fabs(a);
  }
  template <Integer T>
  T operator()(T a) const {
    return a < 0 ? Neg()(a) : a;
  }
};

struct Sqrt {
  template <Float T>
  T operator()(T a) const {
    return std::sqrt(a);
  }
};

/// A rounding to integers, which leaves integers alone.
template <double (*round_double)(double), float (*round_float)(float)>
struct Rounding {
  double operator()(double a) const { return round_double(a); }
  float operator()(float a) const { return round_float(a); }
  template <Integer T>
  T operator()(T a) const {
    return a;
  }
};

using Floor = Rounding<std::floor, std::floor>;
using Ceil = Rounding<std::ceil, std::ceil>;
using Trunc = Rounding<std::trunc, std::trunc>;
using Round = Rounding<std::nearbyint, std::nearbyint>;

struct Fma {
  template <Float T>
  T operator()(T a, T b, T c) const {
    return std::fma(a, b, c);
  }
  template <Integer T>
  T operator()(T a, T b, T c) const {
    return Add()(Mul()(a, b), c);
  }
};

struct Scale {
  template <Float T>
  T operator()(T a, T n) const {
    // By more than this all numbers overflow or vanish.
    constexpr T most = 8192;
    return std::isnan(n) ? n : std::ldexp(a, static_cast<int>(std::floor(std::clamp(n, -most, most))));
  }
};

struct Exponent {
  template <Float T>
  T operator()(T a) const {
    return std::logb(a);
  }
};

struct Mantissa {
  template <Float T>
  T operator()(T a) const {
    if (a == 0 || a == std::numeric_limits<T>::infinity()) return 1;
    if (!(a > 0)) return std::numeric_limits<T>::quiet_NaN();
    int n = 0;
    const T half = std::frexp(a, &n);
    return half < T{0.75} ? 2 * half : half;
  }
};

struct RsqrtEstimate {
  template <Float T>
  T operator()(T a) const {
    // As far off as it may be: of the digits, those that make a difference below 2^-14 are left out.
    constexpr int digits = 15;
    const T exact = 1 / std::sqrt(a);
    if (!std::isfinite(exact)) return exact;
    int n = 0;
    const T half = std::frexp(exact, &n);
    return std::ldexp(std::trunc(std::ldexp(half, digits)), n - digits);
  }
};

struct Less {
  template <class T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};

struct LessEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};

struct Equal {
  template <class T>
  bool operator()(T a, T b) const {
    return a == b;
  }
};

struct NotEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a != b;
  }
};

struct BitAnd {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};

struct BitOr {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};

struct BitXor {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};

struct BitNot {
  bool operator()(bool a) const { return !a; }
  template <Integer T>
  T operator()(T a) const {
    return static_cast<T>(~a);
  }
};

template <Integer T>
bool is_past_width(T count) {
  return static_cast<std::make_unsigned_t<T>>(count) >= 8 * sizeof(T);
}

struct ShiftLeft {
  template <Integer T>
  T operator()(T a, T count) const {
    return is_past_width(count) ? T(0) : static_cast<T>(Computing<T>(a) << count);
  }
};

struct ShiftRight {
  template <Integer T>
  T operator()(T a, T count) const {
    if (is_past_width(count)) return static_cast<T>(a < 0 ? -1 : 0);
    return static_cast<T>(a >> count);
  }
};

/// x^n for n >= 0, by squaring.
template <Integer T>
T power(T x, T n) {
  T result = 1;
  for (auto rest = static_cast<std::make_unsigned_t<T>>(n); rest != 0; rest = static_cast<decltype(rest)>(rest >> 1)) {
    if (rest & 1) result = Mul()(result, x);
    x = Mul()(x, x);
  }
  return result;
}

struct Pow {
  template <Float T>
  T operator()(T a, T b) const {
    return static_cast<T>(std::pow(static_cast<double>(a), static_cast<double>(b)));
  }
  template <Integer T>
  T operator()(T x, T n) const {
    if (n >= 0) return power(x, n);
    if (x == 1) return 1;
    const bool is_minus_one = std::is_signed_v<T> && x == static_cast<T>(-1);
    return static_cast<T>(is_minus_one ? (n % 2 == 0 ? 1 : -1) : 0);
  }
};

/// A function of libm, computed in double.
template <double (*function)(double)>
struct Call {
  template <Float T>
  T operator()(T a) const {
    return static_cast<T>(function(static_cast<double>(a)));
  }
};

}  // namespace theon::ir::operations

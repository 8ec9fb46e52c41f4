// The element types, and the rules by which two of them meet.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace theon {

enum class DType : std::uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float16,
  bfloat16,
  float32,
  float64,
};

/// IEEE binary16 as stored; arithmetic happens in float32.
struct Half {
  std::uint16_t bits;
};
/// The upper half of a float32 as stored; arithmetic happens in float32.
struct BFloat16 {
  std::uint16_t bits;
};

enum class Kind : std::uint8_t { boolean, signed_integer, unsigned_integer, floating };

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  Kind kind;
  std::uint8_t size;  // bytes of one element
};

/// The table of all element types, in the order of the enumeration.
inline constexpr std::array<DTypeInfo, 13> dtype_table{{
    {DType::boolean, "bool", Kind::boolean, 1},
    {DType::int8, "int8", Kind::signed_integer, 1},
    {DType::int16, "int16", Kind::signed_integer, 2},
    {DType::int32, "int32", Kind::signed_integer, 4},
    {DType::int64, "int64", Kind::signed_integer, 8},
    {DType::uint8, "uint8", Kind::unsigned_integer, 1},
    {DType::uint16, "uint16", Kind::unsigned_integer, 2},
    {DType::uint32, "uint32", Kind::unsigned_integer, 4},
    {DType::uint64, "uint64", Kind::unsigned_integer, 8},
    {DType::float16, "float16", Kind::floating, 2},
    {DType::bfloat16, "bfloat16", Kind::floating, 2},
    {DType::float32, "float32", Kind::floating, 4},
    {DType::float64, "float64", Kind::floating, 8},
}};

constexpr const DTypeInfo& info(DType dtype) { return dtype_table[static_cast<std::size_t>(dtype)]; }
constexpr std::string_view name(DType dtype) { return info(dtype).name; }
constexpr std::size_t size_of(DType dtype) { return info(dtype).size; }
constexpr bool is_floating(DType dtype) { return info(dtype).kind == Kind::floating; }
constexpr bool is_boolean(DType dtype) { return dtype == DType::boolean; }
constexpr bool is_unsigned(DType dtype) { return info(dtype).kind == Kind::unsigned_integer; }
/// Signed or unsigned, not boolean.
constexpr bool is_integer(DType dtype) { return is_unsigned(dtype) || info(dtype).kind == Kind::signed_integer; }

/// The dtype in which an operation on both happens. Floating with anything else gives the floating type (float16 with
/// bfloat16 is float32); signed with unsigned gives a signed type that holds both where there is one (int64 with uint64
/// gives int64); boolean gives way to everything.
DType promote(DType a, DType b);
/// The dtype of true division and of functions like exp: itself for floating types, float64 for the rest.
DType floating(DType dtype);
/// "float32" -> DType::float32; nothing for an unknown name.
std::optional<DType> parse_dtype(std::string_view name);

namespace detail {
template <class T>
struct DTypeOf;
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};
template <>
struct DTypeOf<Half> {
  static constexpr DType value = DType::float16;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::bfloat16;
};
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};
template <std::integral T>
requires(!std::same_as<T, bool>) struct DTypeOf<T> {
  static constexpr DType value = std::is_signed_v<T> ? (sizeof(T) == 1   ? DType::int8
                                                        : sizeof(T) == 2 ? DType::int16
                                                        : sizeof(T) == 4 ? DType::int32
                                                                         : DType::int64)
                                                     : (sizeof(T) == 1   ? DType::uint8
                                                        : sizeof(T) == 2 ? DType::uint16
                                                        : sizeof(T) == 4 ? DType::uint32
                                                                         : DType::uint64);
};
}  // namespace detail

/// A C++ type that is the element of some tensor.
template <class T>
concept Scalar = requires {
  detail::DTypeOf<std::remove_cv_t<T>>::value;
};

template <Scalar T>
inline constexpr DType dtype_of = detail::DTypeOf<std::remove_cv_t<T>>::value;

}  // namespace theon

#include <theon/dtype.h>

#include "src/tensor/dispatch.h"

#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <vector>

using namespace theon;

namespace {

DType parse_short(const std::string& text) {
  static const std::vector<std::string> names{"b",  "i1", "i2", "i4", "i8", "u1", "u2",
                                              "u4", "u8", "f2", "bf", "f4", "f8"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return dtype_table[i].dtype;
  throw std::runtime_error("unknown short name " + text);
}

// Rows and columns in the order of dtype_table.
constexpr const char* promotions = R"(
  b  i1 i2 i4 i8 u1 u2 u4 u8 f2 bf f4 f8
  i1 i1 i2 i4 i8 i2 i4 i8 i8 f2 bf f4 f8
  i2 i2 i2 i4 i8 i2 i4 i8 i8 f2 bf f4 f8
  i4 i4 i4 i4 i8 i4 i4 i8 i8 f2 bf f4 f8
  i8 i8 i8 i8 i8 i8 i8 i8 i8 f2 bf f4 f8
  u1 i2 i2 i4 i8 u1 u2 u4 u8 f2 bf f4 f8
  u2 i4 i4 i4 i8 u2 u2 u4 u8 f2 bf f4 f8
  u4 i8 i8 i8 i8 u4 u4 u4 u8 f2 bf f4 f8
  u8 i8 i8 i8 i8 u8 u8 u8 u8 f2 bf f4 f8
  f2 f2 f2 f2 f2 f2 f2 f2 f2 f2 f4 f4 f8
  bf bf bf bf bf bf bf bf bf f4 bf f4 f8
  f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f4 f8
  f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8 f8)";

}  // namespace

TEST_CASE("the table of dtypes is in the order of the enumeration") {
  for (std::size_t i = 0; i < dtype_table.size(); ++i) CHECK(dtype_table[i].dtype == static_cast<DType>(i));
}

TEST_CASE("two dtypes meet as the table says") {
  std::istringstream table(promotions);
  for (const DTypeInfo& a : dtype_table) {
    for (const DTypeInfo& b : dtype_table) {
      std::string expected;
      table >> expected;
      INFO(a.name << " with " << b.name);
      CHECK(name(promote(a.dtype, b.dtype)) == name(parse_short(expected)));
    }
  }
}

TEST_CASE("functions like exp keep floating types and make float64 of the rest") {
  for (const DTypeInfo& row : dtype_table)
    CHECK(floating(row.dtype) == (row.kind == Kind::floating ? row.dtype : DType::float64));
}

TEST_CASE("a dtype is parsed from its name and from nothing else") {
  for (const DTypeInfo& row : dtype_table) CHECK(parse_dtype(row.name) == row.dtype);
  for (const char* text : {"", "float", "Float32", "float32 ", "complex64"}) CHECK_FALSE(parse_dtype(text));
}

TEST_CASE("dispatch calls with the element type") {
  for (const DTypeInfo& row : dtype_table) {
    const auto [dtype, size] = dispatch(row.dtype, []<class T>() { return std::pair(dtype_of<T>, sizeof(T)); });
    CHECK(dtype == row.dtype);
    CHECK(size == row.size);
  }
}

TEST_CASE("C++ integers of any name have the dtype of their size") {
  STATIC_REQUIRE(dtype_of<long long> == DType::int64);
  STATIC_REQUIRE(dtype_of<unsigned long long> == DType::uint64);
  STATIC_REQUIRE(dtype_of<const float> == DType::float32);
  STATIC_REQUIRE_FALSE(Scalar<std::string>);
  STATIC_REQUIRE_FALSE(Scalar<float*>);
}

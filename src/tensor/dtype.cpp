#include <theon/dtype.h>

#include <algorithm>

namespace theon {

namespace {

DType wider(DType a, DType b) { return size_of(a) < size_of(b) ? b : a; }

DType signed_integer(std::size_t size) {
  switch (size) {
    case 1:
      return DType::int8;
    case 2:
      return DType::int16;
    case 4:
      return DType::int32;
    default:
      return DType::int64;
  }
}

DType promote_floating(DType a, DType b) {
  if (!is_floating(a)) return b;
  if (!is_floating(b)) return a;
  return size_of(a) == size_of(b) ? DType::float32 : wider(a, b);
}

}  // namespace

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (is_floating(a) || is_floating(b)) return promote_floating(a, b);
  if (is_boolean(a)) return b;
  if (is_boolean(b)) return a;
  if (is_unsigned(a) == is_unsigned(b)) return wider(a, b);
  return is_unsigned(a) ? signed_integer(std::max(2 * size_of(a), size_of(b)))
                        : signed_integer(std::max(size_of(a), 2 * size_of(b)));
}

DType floating(DType dtype) { return is_floating(dtype) ? dtype : DType::float64; }

std::optional<DType> parse_dtype(std::string_view name) {
  for (const DTypeInfo& row : dtype_table)
    if (row.name == name) return row.dtype;
  return std::nullopt;
}

}  // namespace theon

// Sizes and strides: which element lies where.
#pragma once

#include <theon/tensor.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace theon {

/// The product of the sizes.
std::int64_t count(const Sizes& sizes);

/// The bytes of a row-major array; nothing for more than the address space holds, an empty axis counting as one
/// element: then no product of sizes overflows. No size may be negative.
std::optional<std::size_t> bytes_of(DType dtype, const Sizes& sizes);

/// The same. Throws ShapeError for a negative size or too many bytes.
std::size_t checked_bytes(DType dtype, const Sizes& sizes);

/// The strides of a row-major array, in elements.
Sizes row_major_strides(const Sizes& sizes);

bool is_row_major(const Sizes& sizes, const Sizes& strides);

/// The offsets, in elements and relative to element (0, ..., 0), between which all elements lie.
struct Range {
  std::int64_t first = 0, last = 0;
};

/// Throws ShapeError when the strides leave the address space, or are not one per axis.
Range checked_range(DType dtype, const Sizes& sizes, const Sizes& strides);

/// An index counted from the front: -1 is size - 1. Throws IndexError, its text beginning with `what`, when out of
/// range.
std::int64_t from_front(const char* what, std::int64_t index, std::int64_t size);

/// Calls f(offset) for each row (the last axis, or the scalar) in row-major order, with the offset of its first
/// element.
template <class F>
void for_each_row(const Sizes& sizes, const Sizes& strides, F&& f) {
  if (count(sizes) == 0) return;
  Sizes index(sizes.size(), 0);
  std::int64_t offset = 0;
  int axis = 0;
  do {
    f(offset);
    for (axis = static_cast<int>(sizes.size()) - 2; axis >= 0; --axis) {
      offset += strides[axis];
      if (++index[axis] < sizes[axis]) break;
      offset -= strides[axis] * sizes[axis];
      index[axis] = 0;
    }
  } while (axis >= 0);
}

}  // namespace theon

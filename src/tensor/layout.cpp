#include "src/tensor/layout.h"

#include "src/support/check.h"
#include "src/support/checked.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace theon {

namespace {

/// What a process can address on x86-64 and AArch64.
constexpr std::int64_t address_space = std::int64_t{1} << 47;

}  // namespace

std::int64_t count(const Sizes& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

std::optional<std::size_t> bytes_of(DType dtype, const Sizes& sizes) {
  std::optional<std::int64_t> bytes = static_cast<std::int64_t>(size_of(dtype));
  for (const std::int64_t size : sizes) {
    bytes = checked_multiply(*bytes, std::max<std::int64_t>(size, 1));
    if (!bytes || *bytes > address_space) return std::nullopt;
  }
  return std::ranges::count(sizes, 0) > 0 ? 0 : static_cast<std::size_t>(*bytes);
}

std::size_t checked_bytes(DType dtype, const Sizes& sizes) {
  for (const std::int64_t size : sizes)
    if (size < 0) fail<ShapeError>({}, "an array of sizes {}: {} is negative", to_string(sizes), size);
  const std::optional<std::size_t> bytes = bytes_of(dtype, sizes);
  if (!bytes) fail<ShapeError>({}, "sizes {} of {} do not fit into the address space", to_string(sizes), name(dtype));
  return *bytes;
}

Sizes row_major_strides(const Sizes& sizes) {
  Sizes strides(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t axis = sizes.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= std::max<std::int64_t>(sizes[axis], 1);
  }
  return strides;
}

bool is_row_major(const Sizes& sizes, const Sizes& strides) {
  if (count(sizes) == 0) return true;
  std::int64_t expected = 1;
  for (std::size_t axis = sizes.size(); axis-- > 0;) {
    if (sizes[axis] != 1 && strides[axis] != expected) return false;
    expected *= sizes[axis];
  }
  return true;
}

Range checked_range(DType dtype, const Sizes& sizes, const Sizes& strides) {
  if (strides.size() != sizes.size())
    fail<ShapeError>({}, "{} strides for {} axes: give one stride for each axis", strides.size(), sizes.size());
  Range range;
  if (count(sizes) == 0) return range;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    std::int64_t& end = strides[axis] < 0 ? range.first : range.last;
    const std::optional<std::int64_t> reach = checked_multiply(strides[axis], sizes[axis] - 1);
    const std::optional<std::int64_t> sum = reach ? checked_add(end, *reach) : std::nullopt;
    if (!sum || *sum > address_space || *sum < -address_space)
      fail<ShapeError>({}, "{} elements of sizes {} at strides {} leave the address space", name(dtype),
                       to_string(sizes), to_string(strides));
    end = *sum;
  }
  return range;
}

std::int64_t from_front(const char* what, std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size)
    fail<IndexError>({}, "{} {} is out of range: it must be at least {} and less than {}", what, index, -size, size);
  return index < 0 ? index + size : index;
}

}  // namespace theon

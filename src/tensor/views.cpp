// Tensors that share the memory of another one.
#include <theon/tensor.h>

#include "src/support/check.h"
#include "src/tensor/layout.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace theon {

namespace {

/// A bound of a Python slice as an index from the front, between `lowest` and `highest`.
std::int64_t clamp_bound(std::int64_t bound, std::int64_t size, std::int64_t lowest, std::int64_t highest) {
  return std::clamp(bound < 0 ? bound + size : bound, lowest, highest);
}

/// The number of indices start, start + step, ... that come before stop.
std::int64_t steps_between(std::int64_t start, std::int64_t stop, std::int64_t step) {
  const std::int64_t distance = step > 0 ? stop - start : start - stop;
  if (distance <= 0) return 0;
  // Unsigned, because the most negative step has no positive counterpart.
  const std::uint64_t stride = step > 0 ? static_cast<std::uint64_t>(step) : -static_cast<std::uint64_t>(step);
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / stride) + 1;
}

/// Replaces one size of -1 by what the elements of x demand. Throws ShapeError when they do not fit.
Sizes complete_sizes(Sizes sizes, const Tensor& x) {
  const auto open = std::ranges::find(sizes, -1);
  if (open != sizes.end()) {
    *open = 1;
    checked_bytes(x.dtype(), sizes);
    const std::int64_t others = count(sizes);
    *open = others == 0 ? 0 : x.size() / others;
  }
  checked_bytes(x.dtype(), sizes);
  if (count(sizes) != x.size())
    fail<ShapeError>({}, "reshape: sizes {} have {} elements, but sizes {} have {}", to_string(x.sizes()), x.size(),
                     to_string(sizes), count(sizes));
  return sizes;
}

/// Neighbouring axes that are one axis in memory, merged; axes of size 1 are dropped.
void merge_axes(Sizes& sizes, Sizes& strides) {
  std::size_t merged = 0;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] == 1) continue;
    if (merged > 0 && strides[merged - 1] == sizes[axis] * strides[axis]) {
      sizes[merged - 1] *= sizes[axis];
      strides[merged - 1] = strides[axis];
      continue;
    }
    sizes[merged] = sizes[axis];
    strides[merged++] = strides[axis];
  }
  sizes.resize(merged);
  strides.resize(merged);
}

/// The strides with which the memory has the wanted sizes, if it has them; both have the same number of elements, not
/// 0.
std::optional<Sizes> reshaped_strides(Sizes sizes, Sizes strides, const Sizes& wanted) {
  merge_axes(sizes, strides);
  Sizes result(wanted.size(), 1);
  std::size_t axis = sizes.size();
  std::int64_t left = 1, stride = 1;
  for (std::size_t i = wanted.size(); i-- > 0;) {
    if (wanted[i] == 1) continue;
    if (left == 1) {
      left = sizes[--axis];
      stride = strides[axis];
    }
    if (left % wanted[i] != 0) return std::nullopt;
    result[i] = stride;
    stride *= wanted[i];
    left /= wanted[i];
  }
  return result;
}

}  // namespace

Tensor Tensor::view_at(std::int64_t offset, Sizes sizes, Sizes strides) const {
  return Tensor(storage_, data_ + offset * static_cast<std::int64_t>(size_of(dtype_)), dtype_, std::move(sizes),
                std::move(strides));
}

Tensor Tensor::slice(int axis, std::int64_t start, std::int64_t stop, std::int64_t step) const {
  const std::size_t along = static_cast<std::size_t>(from_front("slice: axis", axis, ndim()));
  if (step == 0) fail<ArgumentError>({}, "slice: a step of 0 goes nowhere");
  const std::int64_t size = layout().sizes[along], lowest = step > 0 ? 0 : -1, highest = step > 0 ? size : size - 1;
  start = clamp_bound(start, size, lowest, highest);
  stop = clamp_bound(stop, size, lowest, highest);

  Sizes sizes = layout().sizes, strides = layout().strides;
  sizes[along] = steps_between(start, stop, step);
  // A larger step may not fit into a stride, and is not needed for a single element.
  if (sizes[along] > 1) strides[along] *= step;
  return view_at(count(sizes) == 0 ? 0 : start * layout().strides[along], std::move(sizes), std::move(strides));
}

Tensor Tensor::operator[](std::int64_t index) const {
  if (layout().sizes.empty()) fail<IndexError>({}, "index {}: a scalar has no axis to index", index);
  const std::int64_t row = from_front("index", index, layout().sizes[0]);
  Sizes sizes(layout().sizes.begin() + 1, layout().sizes.end()),
      strides(layout().strides.begin() + 1, layout().strides.end());
  return view_at(count(sizes) == 0 ? 0 : row * layout().strides[0], std::move(sizes), std::move(strides));
}

Tensor Tensor::transpose() const {
  return view_at(0, Sizes(layout().sizes.rbegin(), layout().sizes.rend()),
                 Sizes(layout().strides.rbegin(), layout().strides.rend()));
}

Tensor Tensor::permute(std::vector<int> axes) const {
  Sizes order(axes.begin(), axes.end());
  for (std::int64_t& axis : order) axis = from_front("permute: axis", axis, ndim());
  Sizes sorted = order, expected(layout().sizes.size());
  std::ranges::sort(sorted);
  std::iota(expected.begin(), expected.end(), 0);
  if (sorted != expected)
    fail<ArgumentError>({}, "permute: axes {} must name each of {} axes once", to_string(order), ndim());

  Sizes sizes, strides;
  for (const std::int64_t axis : order) {
    sizes.push_back(layout().sizes[axis]);
    strides.push_back(layout().strides[axis]);
  }
  return view_at(0, std::move(sizes), std::move(strides));
}

Tensor Tensor::reshape(Sizes sizes) const {
  sizes = complete_sizes(std::move(sizes), *this);
  if (size() == 0) return view_at(0, sizes, row_major_strides(sizes));
  std::optional<Sizes> strides = reshaped_strides(layout().sizes, layout().strides, sizes);
  return strides ? view_at(0, std::move(sizes), std::move(*strides)) : copy().reshape(std::move(sizes));
}

Tensor Tensor::broadcast_to(Sizes sizes) const {
  checked_bytes(dtype_, sizes);
  const std::size_t added = sizes.size() - layout().sizes.size();
  Sizes strides(sizes.size(), 0);
  bool fits = sizes.size() >= layout().sizes.size();
  for (std::size_t axis = 0; fits && axis < layout().sizes.size(); ++axis) {
    fits = layout().sizes[axis] == sizes[added + axis] || layout().sizes[axis] == 1;
    if (layout().sizes[axis] == sizes[added + axis]) strides[added + axis] = layout().strides[axis];
  }
  if (!fits)
    fail<ShapeError>({}, "broadcast_to: an array of sizes {} does not broadcast to {}", to_string(layout().sizes),
                     to_string(sizes));
  return view_at(0, std::move(sizes), std::move(strides));
}

}  // namespace theon

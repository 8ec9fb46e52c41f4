#include <theon/tensor.h>

#include "src/support/check.h"
#include "src/tensor/dispatch.h"
#include "src/tensor/layout.h"
#include "src/tensor/storage.h"

#include <algorithm>
#include <cstring>

namespace theon {

namespace {

void check_alignment(const std::byte* data, DType dtype) {
  if (reinterpret_cast<std::uintptr_t>(data) % size_of(dtype) != 0)
    fail<ArgumentError>({}, "an array of {} begins at {}: the address must be a multiple of {}", name(dtype),
                        fmt::ptr(data), size_of(dtype));
}

std::int64_t bytes_before(const Range& range, DType dtype) {
  return -range.first * static_cast<std::int64_t>(size_of(dtype));
}

std::int64_t bytes_from_start(const Range& range, DType dtype) {
  return (range.last + 1) * static_cast<std::int64_t>(size_of(dtype));
}

}  // namespace

Tensor::Tensor() : Tensor(0.0) {}

Tensor::Tensor(std::shared_ptr<Storage> storage, std::byte* data, DType dtype, Sizes sizes, Sizes strides)
    : storage_(std::move(storage)),
      data_(data),
      dtype_(dtype),
      layout_(layout_of(std::move(sizes), std::move(strides))) {}

std::shared_ptr<const Tensor::Layout> Tensor::layout_of(Sizes sizes, Sizes strides) {
  return sizes.empty() ? nullptr : std::make_shared<const Layout>(Layout{std::move(sizes), std::move(strides)});
}

Tensor::Tensor(DType dtype, Sizes sizes)
    : storage_(allocate(checked_bytes(dtype, sizes))), data_(storage_->data()), dtype_(dtype) {
  Sizes strides = row_major_strides(sizes);
  layout_ = layout_of(std::move(sizes), std::move(strides));
}

Tensor::Tensor(const std::vector<bool>& values) : Tensor(DType::boolean, {static_cast<std::int64_t>(values.size())}) {
  std::ranges::copy(values, mutable_data<bool>());
}

Tensor Tensor::zeros(DType dtype, Sizes sizes) {
  Tensor result(dtype, std::move(sizes));
  std::memset(result.raw(), 0, result.storage()->bytes());
  return result;
}

Tensor Tensor::arange(DType dtype, std::int64_t n) {
  Tensor result(DType::int64, {n});
  std::int64_t* values = result.mutable_data<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) values[i] = i;
  return dtype == DType::int64 ? result : result.astype(dtype);
}

Tensor Tensor::from(DType dtype, const void* values, std::size_t count, Sizes sizes) {
  Tensor result(dtype, std::move(sizes));
  if (static_cast<std::size_t>(result.size()) != count)
    fail<ShapeError>({}, "an array of sizes {} has {} elements, but {} values are given", to_string(result.sizes()),
                     result.size(), count);
  if (count != 0) std::memcpy(result.raw(), values, count * size_of(dtype));
  return result;
}

Tensor Tensor::borrow(DType dtype, void* data, Sizes sizes, Sizes strides) {
  checked_bytes(dtype, sizes);
  if (strides.empty()) strides = row_major_strides(sizes);
  const Range range = checked_range(dtype, sizes, strides);
  const std::int64_t elements = count(sizes);
  if (!data && elements != 0)
    fail<ArgumentError>({}, "an array of sizes {} is to borrow memory at a null address", to_string(sizes));

  auto* const first = static_cast<std::byte*>(data);
  check_alignment(first, dtype);
  if (elements == 0) return Tensor(borrowed_storage(first, 0), first, dtype, std::move(sizes), std::move(strides));
  const std::int64_t before = bytes_before(range, dtype), after = bytes_from_start(range, dtype);
  return Tensor(borrowed_storage(first - before, static_cast<std::size_t>(before + after)), first, dtype,
                std::move(sizes), std::move(strides));
}

Tensor Tensor::on(std::shared_ptr<Storage> storage, std::size_t offset, DType dtype, Sizes sizes, Sizes strides) {
  checked_bytes(dtype, sizes);
  const Range range = checked_range(dtype, sizes, strides);
  const std::size_t before = static_cast<std::size_t>(bytes_before(range, dtype));
  const std::size_t after = count(sizes) == 0 ? 0 : static_cast<std::size_t>(bytes_from_start(range, dtype));
  const std::size_t bytes = storage->bytes();
  if (offset > bytes || before > offset || after > bytes - offset)
    fail<ShapeError>({}, "{} elements of sizes {} at strides {}, {} bytes into a storage of {} bytes, leave it",
                     name(dtype), to_string(sizes), to_string(strides), offset, bytes);
  std::byte* const first = storage->data() + offset;
  check_alignment(first, dtype);
  return Tensor(std::move(storage), first, dtype, std::move(sizes), std::move(strides));
}

std::int64_t Tensor::size() const { return count(sizes()); }

std::int64_t Tensor::size(int axis) const { return sizes()[from_front("axis", axis, ndim())]; }

bool Tensor::is_contiguous() const { return is_row_major(sizes(), strides()); }

void Tensor::expect(DType asked) const {
  if (asked != dtype_)
    fail<DTypeError>({}, "the elements are asked for as {}, but they are {}; convert with astype first", name(asked),
                     name(dtype_));
}

Tensor Tensor::only() const {
  if (size() != 1) fail<ShapeError>({}, "the one element of an array of sizes {} is asked for", to_string(sizes()));
  return view_at(0, {}, {});
}

Tensor Tensor::element(std::span<const std::int64_t> indices) const {
  if (indices.size() != sizes().size())
    fail<IndexError>({}, "{} indices for an array of sizes {}: give one index for each axis", indices.size(),
                     to_string(sizes()));
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < indices.size(); ++axis)
    offset += strides()[axis] * from_front("index", indices[axis], sizes()[axis]);
  return view_at(offset, {}, {});
}

}  // namespace theon

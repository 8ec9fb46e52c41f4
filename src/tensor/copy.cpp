// Tensors with memory of their own.
#include <theon/tensor.h>

#include "src/tensor/convert.h"
#include "src/tensor/dispatch.h"
#include "src/tensor/layout.h"

#include <cstring>

namespace theon {

namespace {

/// Copies the elements into row-major order.
template <class T>
void gather(const Tensor& x, T* to) {
  const T* const from = reinterpret_cast<const T*>(x.raw());
  const std::int64_t length = x.ndim() == 0 ? 1 : x.sizes().back(), stride = x.ndim() == 0 ? 1 : x.strides().back();
  for_each_row(x.sizes(), x.strides(), [&](std::int64_t offset) {
    const T* const row = from + offset;
    for (std::int64_t i = 0; i < length; ++i) to[i] = row[i * stride];
    to += length;
  });
}

template <class To>
void convert_all(const Tensor& x, To* to) {
  dispatch(x.dtype(), [&]<class From>() {
    const From* const from = x.data<From>();
    for (std::int64_t i = 0, n = x.size(); i < n; ++i) to[i] = convert<To>(from[i]);
  });
}

}  // namespace

Tensor Tensor::copy() const {
  Tensor result(dtype_, sizes());
  if (size() == 0) return result;
  if (is_contiguous())
    std::memcpy(result.raw(), raw(), result.storage()->bytes());
  else
    dispatch(dtype_, [&]<class T>() { gather(*this, result.mutable_data<T>()); });
  return result;
}

Tensor Tensor::contiguous() const { return is_contiguous() ? *this : copy(); }

Tensor Tensor::astype(DType dtype) const {
  if (dtype == dtype_) return copy();
  const Tensor row_major = contiguous();
  Tensor result(dtype, sizes());
  dispatch(dtype, [&]<class To>() { convert_all(row_major, result.mutable_data<To>()); });
  return result;
}

bool identical(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.sizes() != b.sizes()) return false;
  const Tensor x = a.contiguous(), y = b.contiguous();
  return x.size() == 0 || std::memcmp(x.raw(), y.raw(), static_cast<std::size_t>(x.size()) * size_of(x.dtype())) == 0;
}

}  // namespace theon

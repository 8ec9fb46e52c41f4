#include "runtime/numbers.h"

#include "src/tensor/dispatch.h"

#include <cmath>
#include <concepts>

namespace theon::runtime {

namespace {

bool keeps_value(const Tensor& scalar, const Tensor& converted) {
  return identical(converted.astype(scalar.dtype()), scalar);
}

bool stays_finite(const Tensor& scalar, const Tensor& converted) {
  return std::isfinite(converted.item<double>()) || !std::isfinite(scalar.item<double>());
}

}  // namespace

std::optional<Tensor> as_number(const Tensor& scalar, DType wanted) {
  if (scalar.dtype() == wanted) return scalar;
  if (is_boolean(scalar.dtype()) || is_boolean(wanted)) return std::nullopt;
  if (is_floating(scalar.dtype()) && !is_floating(wanted)) return std::nullopt;
  Tensor converted = scalar.astype(wanted);
  const bool fits = is_floating(scalar.dtype()) ? stays_finite(scalar, converted) : keeps_value(scalar, converted);
  return fits ? std::optional(std::move(converted)) : std::nullopt;
}

std::int64_t integer_value(DType dtype, const void* scalar) {
  return dispatch(dtype, [&]<class T>() -> std::int64_t {
    if constexpr (std::integral<T>)
      return static_cast<std::int64_t>(*static_cast<const T*>(scalar));
    else
      fail<InternalError>({}, "a size of a floating dtype");
  });
}

}  // namespace theon::runtime

// Arrays element by element, for oracles that move elements.
#pragma once

#include "tests/samples/samples.h"

#include <cstddef>
#include <functional>

namespace theon::samples {

/// The index per axis of the element at position `flat` in row-major order.
inline Sizes unravelled(std::int64_t flat, const Sizes& sizes) {
  Sizes at(sizes.size());
  for (std::size_t axis = sizes.size(); axis-- > 0; flat /= sizes[axis]) at[axis] = flat % sizes[axis];
  return at;
}

inline std::int64_t ravelled(const Sizes& at, const Sizes& sizes) {
  std::int64_t flat = 0;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) flat = flat * sizes[axis] + at[axis];
  return flat;
}

inline long double element(const Array& x, const Sizes& at) { return x.values.at(ravelled(at, x.sizes)); }
inline long double& element(Array& x, const Sizes& at) { return x.values.at(ravelled(at, x.sizes)); }

/// The array whose element at `at` is f(at).
inline Array tabulated(const Sizes& sizes, const std::function<long double(const Sizes&)>& f) {
  Array result{sizes, {}};
  for (std::int64_t flat = 0; flat < number_of_elements(sizes); ++flat) result.values.push_back(f(unravelled(flat, sizes)));
  return result;
}

}  // namespace theon::samples

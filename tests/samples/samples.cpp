#include "tests/samples/samples.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>

namespace theon::samples {

namespace {

long double epsilon(DType dtype) {
  switch (dtype) {
    case DType::float16:
      return std::ldexp(1.0L, -10);
    case DType::bfloat16:
      return std::ldexp(1.0L, -7);
    case DType::float32:
      return std::numeric_limits<float>::epsilon();
    case DType::float64:
      return std::numeric_limits<double>::epsilon();
    case DType::boolean:
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
    case DType::uint8:
    case DType::uint16:
    case DType::uint32:
    case DType::uint64:
      return 0;
  }
  __builtin_unreachable();
}

}  // namespace

std::int64_t number_of_elements(const Sizes& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

Array array_of(const Tensor& tensor) {
  Array array{tensor.sizes(), {}};
  // Integers beyond 2^53 would lose digits as doubles.
  if (is_floating(tensor.dtype()))
    std::ranges::copy(tensor.to_vector<double>(), std::back_inserter(array.values));
  else
    std::ranges::copy(tensor.to_vector<std::int64_t>(), std::back_inserter(array.values));
  return array;
}

Sizes broadcast_sizes(std::span<const Array> arrays) {
  Sizes result;
  for (const Array& array : arrays) {
    if (array.sizes.size() > result.size()) result.insert(result.begin(), array.sizes.size() - result.size(), 1);
    const std::size_t first = result.size() - array.sizes.size();
    for (std::size_t axis = 0; axis < array.sizes.size(); ++axis)
      if (array.sizes[axis] != 1) result[first + axis] = array.sizes[axis];
  }
  return result;
}

Array broadcast(const Array& array, const Sizes& sizes) {
  Array result{sizes, {}};
  for (std::int64_t flat = 0; flat < number_of_elements(sizes); ++flat) {
    std::int64_t rest = flat, offset = 0, stride = 1;
    for (std::size_t back = 0; back < array.sizes.size(); ++back) {
      const std::int64_t size = array.sizes[array.sizes.size() - 1 - back], extent = sizes[sizes.size() - 1 - back];
      offset += size == 1 ? 0 : rest % extent * stride;
      stride *= size;
      rest /= extent;
    }
    result.values.push_back(array.values[offset]);
  }
  return result;
}

std::vector<Variable> inputs_of(const Sample& sample, Sizing sizing) {
  std::vector<Variable> inputs;
  for (const Tensor& value : sample.inputs) {
    const std::string name(1, static_cast<char>('a' + inputs.size()));
    Shape dims;
    for (const std::int64_t size : value.sizes())
      dims.push_back(size == 1 || sizing == Sizing::known ? Dim(size) : dim(name));
    inputs.push_back(input(value.dtype(), name, dims));
  }
  return inputs;
}

long double precision(const Sample& sample, DType result) {
  long double coarsest = epsilon(result);
  for (const Tensor& x : sample.inputs) coarsest = std::max(coarsest, epsilon(x.dtype()));
  return coarsest;
}

bool is_close(long double a, long double b, long double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::fabs(a - b) <= tolerance * std::max({1.0L, std::fabs(a), std::fabs(b)});
}

bool are_close(const Array& a, const Array& b, long double tolerance) {
  return a.sizes == b.sizes && std::ranges::equal(a.values, b.values, [&](long double x, long double y) {
           return is_close(x, y, tolerance);
         });
}

std::vector<Sample> all_samples() {
  std::vector<Sample> all;
  for (auto family : {elementwise_samples(), reduce_samples(), contraction_samples(), shape_samples(), index_samples(), neural_samples()})
    std::move(family.begin(), family.end(), std::back_inserter(all));
  return all;
}

}  // namespace theon::samples

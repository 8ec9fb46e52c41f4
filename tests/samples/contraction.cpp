// Products of vectors and matrices against plain loops.
#include <theon/ops.h>

#include "tests/samples/samples.h"

namespace theon::samples {

namespace {

/// x as [rows, inner], y as [inner, columns], whatever their ranks.
Array product(std::span<const Array> in) {
  const Array &x = in[0], &y = in[1];
  const std::int64_t inner = x.sizes.back();
  const std::int64_t rows = x.sizes.size() == 2 ? x.sizes[0] : 1, columns = y.sizes.size() == 2 ? y.sizes[1] : 1;
  Array result{Sizes(x.sizes.begin(), x.sizes.end() - 1), {}};
  result.sizes.insert(result.sizes.end(), y.sizes.begin() + 1, y.sizes.end());
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) {
      long double sum = 0;
      for (std::int64_t k = 0; k < inner; ++k) sum += x.values[i * inner + k] * y.values[k * columns + j];
      result.values.push_back(sum);
    }
  return result;
}

Tensor values(DType dtype, const Sizes& sizes, std::uint64_t seed) {
  return is_floating(dtype) ? Tensor::randn(dtype, sizes, seed) : Tensor::uniform(dtype, sizes, seed, -3, 4);
}

Sample dot_of(const Tensor& x, const Tensor& y) {
  return {"dot " + std::string(name(x.dtype())) + " " + to_string(x.sizes()) + " " + to_string(y.sizes()),
          [](std::span<const Variable> in) { return dot(in[0], in[1]); },
          {x, y},
          product,
          is_floating(x.dtype())};
}

}  // namespace

std::vector<Sample> contraction_samples() {
  const std::vector<std::pair<Sizes, Sizes>> cases = {
      {{4}, {4}}, {{3, 4}, {4}},    {{4}, {4, 5}},    {{3, 4}, {4, 5}}, {{1, 1}, {1, 1}},
      {{0}, {0}}, {{3, 0}, {0, 2}}, {{0, 4}, {4, 2}}, {{1, 7}, {7, 1}}, {{2, 4}, {4, 0}}};
  std::vector<Sample> all;
  for (const auto& [x, y] : cases)
    for (const DType dtype : {DType::float32, DType::float64, DType::int32})
      all.push_back(dot_of(values(dtype, x, 1), values(dtype, y, 2)));
  all.push_back(
      dot_of(Tensor::randn<double>({5, 3}, 1).transpose(), Tensor::randn<double>({5, 8}, 2).slice(1, 0, 8, 3)));
  return all;
}

}  // namespace theon::samples

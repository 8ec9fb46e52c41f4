#include "optimizer/agree.h"

#include <algorithm>
#include <cmath>

namespace theon {

double tolerance(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return 1e-7;
    case DType::float32:
      return 1e-3;
    case DType::float16:
      return 0.05;
    case DType::bfloat16:
      return 0.2;
    default:
      return 0;
  }
}

bool agree(const Tensor& before, const Tensor& after, Missing missing) {
  const std::vector<double> left = before.to_vector<double>(), right = after.to_vector<double>();
  return std::ranges::equal(left, right, [&](double x, double y) {
    if (missing == Missing::improved && !std::isfinite(x)) return true;
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && std::isnan(y);
    return x == y || std::abs(x - y) <= tolerance(before.dtype()) * (1 + std::abs(x) + std::abs(y));
  });
}

}  // namespace theon

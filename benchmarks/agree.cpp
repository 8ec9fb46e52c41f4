#include "benchmarks/agree.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

namespace theon::benchmarks {

void expect_agreement(const Tensor& ours, const Tensor& rivals, double tolerance) {
  const std::vector<double> a = ours.to_vector<double>(), b = rivals.to_vector<double>();
  for (std::size_t i = 0; i < b.size(); ++i)
    if (!(std::abs(a.at(i) - b[i]) <= tolerance * std::max(1.0, std::abs(b[i]))))
      throw CheckError(Location::here(), fmt::format("element {} is {}, the rival's is {}", i, a[i], b[i]));
}

}  // namespace theon::benchmarks

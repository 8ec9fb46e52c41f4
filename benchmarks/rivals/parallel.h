// What several rivals share: loops over as many threads as the process has cores.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <omp.h>

namespace theon::benchmarks {

/// f(begin, end) for the parts of 0 to n, one for each thread; parts begin at multiples of 64. The calling thread does
/// what is not worth sharing: less than `worth` steps.
template <class F>
void split(std::int64_t n, std::int64_t worth, F f) {
  const std::int64_t threads = omp_get_max_threads();
  if (threads == 1 || n < worth) return f(std::int64_t{0}, n);
  const std::int64_t unit = n >= 64 * threads ? 64 : 1, part = (n / threads + unit - 1) / unit * unit;
#pragma omp parallel
  {
    const std::int64_t begin = std::min(n, part * omp_get_thread_num());
    f(begin, omp_get_thread_num() + 1 == threads ? n : std::min(n, begin + part));
  }
}

/// The sum of f(begin, end) over the parts.
template <class T, class F>
T split_sum(std::int64_t n, std::int64_t worth, F f) {
  if (omp_get_max_threads() == 1 || n < worth) return f(std::int64_t{0}, n);
  T sum = 0;
  split(n, worth, [&](std::int64_t begin, std::int64_t end) {
    const T part = f(begin, end);
#pragma omp critical
    sum += part;
  });
  return sum;
}

constexpr std::int64_t worthwhile = 1 << 15;

/// Bounded, since -Ofast takes reciprocals that are not a number where exp overflows.
template <class T>
T bounded_sigmoid(T x) {
  return 1 / (1 + std::exp(std::min(-x, T(80))));
}

}  // namespace theon::benchmarks

#include "benchmarks/rivals/probes.h"

#include "benchmarks/measure.h"
#include "benchmarks/rivals/parallel.h"

#include <theon/tensor.h>

#include <algorithm>

#include <immintrin.h>
#include <omp.h>

namespace theon::benchmarks {

namespace {

using std::int64_t;

#if defined(__AVX512F__)
using Doubles = __m512d;
void stream(double* address, Doubles value) { _mm512_stream_pd(address, value); }
#elif defined(__AVX__)
using Doubles = __m256d;
void stream(double* address, Doubles value) { _mm256_stream_pd(address, value); }
#else
using Doubles = __m128d;
void stream(double* address, Doubles value) { _mm_stream_pd(address, value); }
#endif
constexpr int64_t lanes = sizeof(Doubles) / sizeof(double), unit = 64;

/// Twelve chains hide the latency of the multiply-add and fit into sixteen registers.
template <class T>
void multiply_add(int64_t rounds) {
  typedef T Vector __attribute__((vector_size(sizeof(Doubles))));
  constexpr int chains = 12;
  Vector sums[chains], factor = {}, term = {};
  factor += T(0.999);
  term += T(0.001);
  for (int c = 0; c < chains; ++c) sums[c] = term * T(c);

  for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (int c = 0; c < chains; ++c) sums[c] = sums[c] * factor + term;
  for (int c = 1; c < chains; ++c) sums[0] += sums[c];
  __asm__ volatile("" : : "x"(sums[0]));  // the compiler sees the result used
}

void triad_streaming(const double* __restrict a, const double* __restrict b, double* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; i += lanes)
    stream(out + i, *reinterpret_cast<const Doubles*>(a + i) + 3.0 * *reinterpret_cast<const Doubles*>(b + i));
  _mm_sfence();
}

void triad(const double* __restrict a, const double* __restrict b, double* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; i += lanes)
    *reinterpret_cast<Doubles*>(out + i) =
        *reinterpret_cast<const Doubles*>(a + i) + 3.0 * *reinterpret_cast<const Doubles*>(b + i);
}

void read(const double* __restrict a, int64_t n) {
  Doubles sums[8] = {};
  for (int64_t i = 0; i + 8 * lanes <= n; i += 8 * lanes)
#pragma GCC unroll 8
    for (int64_t c = 0; c < 8; ++c) sums[c] += *reinterpret_cast<const Doubles*>(a + i + c * lanes);
  for (int c = 1; c < 8; ++c) sums[0] += sums[c];
  __asm__ volatile("" : : "x"(sums[0]));
}

/// Arrays that all probes share; they grow as needed.
double* space(int64_t doubles) {
  static Tensor memory;
  static int64_t size = 0;
  if (doubles > size) {
    memory = Tensor::ones<double>({doubles + unit});
    size = doubles;
  }
  return memory.mutable_data<double>();
}

/// Above this, about where arrays leave the caches, stores that bypass them may be faster.
constexpr int64_t caches = 4 << 20;

}  // namespace

int probe_vector_bits() { return 8 * sizeof(Doubles); }

template <class T>
double probe_multiply_add(double budget) {
  constexpr int64_t rounds = 100'000;  // about half a millisecond
  const auto call = [] {
#pragma omp parallel
    multiply_add<T>(rounds);
  };
  const double operations = 2.0 * 12 * (sizeof(Doubles) / sizeof(T)) * rounds * omp_get_max_threads();
  return operations / time_of(call, budget).min;
}
template double probe_multiply_add<float>(double budget);
template double probe_multiply_add<double>(double budget);

Bandwidth probe_bandwidth(std::int64_t bytes, double budget) {
  const int64_t n = std::max<int64_t>(bytes / (3 * sizeof(double)) / unit, 1) * unit;
  double *a = space(3 * n), *b = a + n, *out = b + n;
  const auto best = [=](auto kernel) {
    return time_of([=] { split(n, 1 << 12, [=](int64_t i, int64_t end) { kernel(a + i, b + i, out + i, end - i); }); },
                   budget)
        .min;
  };
  double triad_seconds = best(triad);
  if (bytes > caches) triad_seconds = std::min(triad_seconds, best(triad_streaming));
  const auto sum = [=] { split(3 * n, 1 << 12, [=](int64_t i, int64_t end) { read(a + i, end - i); }); };
  const double size = 3.0 * sizeof(double) * static_cast<double>(n);
  return {size / triad_seconds, size / time_of(sum, budget).min};
}

}  // namespace theon::benchmarks

#include "benchmarks/rivals/probes.h"

#include <immintrin.h>

#if defined(__AVX512F__)
enum { vector_bytes = 64 };
#define STREAM(address, value) _mm512_stream_pd(address, value)
typedef __m512d Doubles;
#elif defined(__AVX__)
enum { vector_bytes = 32 };
#define STREAM(address, value) _mm256_stream_pd(address, value)
typedef __m256d Doubles;
#else
enum { vector_bytes = 16 };
#define STREAM(address, value) _mm_stream_pd(address, value)
typedef __m128d Doubles;
#endif
typedef float Floats __attribute__((vector_size(vector_bytes)));

int probe_vector_bits(void) { return 8 * vector_bytes; }

/* Twelve chains hide the latency of the multiply-add and fit into sixteen registers. */
double probe_multiply_add(int64_t rounds) {
  enum { chains = 12 };
  Floats sums[chains], factor = {0}, term = {0};
  factor += 0.999f;
  term += 0.001f;
  for (int c = 0; c < chains; c++) sums[c] = term * (float)c;

  for (int64_t i = 0; i < rounds; i++)
    for (int c = 0; c < chains; c++) sums[c] = sums[c] * factor + term;
  for (int c = 1; c < chains; c++) sums[0] += sums[c];
  __asm__ volatile("" : : "x"(sums[0])); /* the compiler sees the result used */

  return 2.0 * chains * (vector_bytes / sizeof(float)) * (double)rounds;
}

void probe_triad_streaming(const double* restrict a, const double* restrict b, double* restrict out, int64_t n) {
  const int64_t lanes = vector_bytes / sizeof(double);
  for (int64_t i = 0; i < n; i += lanes) STREAM(out + i, *(const Doubles*)(a + i) + 3.0 * *(const Doubles*)(b + i));
  _mm_sfence();
}

void probe_triad(const double* restrict a, const double* restrict b, double* restrict out, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = a[i] + 3.0 * b[i];
}

/* What the machine can do at the moment: the limits that a time is read against. */
#ifndef THEON_BENCHMARKS_PROBES_H
#define THEON_BENCHMARKS_PROBES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of the vectors of the multiply-add probe, the widest the machine has. */
int probe_vector_bits(void);

/* `rounds` rounds of independent vector multiply-adds on float32; returns the number of floating-point operations. */
double probe_multiply_add(int64_t rounds);

/* out = a + 3 * b; the stores bypass the caches. The addresses are multiples of 64 bytes, n of 8. */
void probe_triad_streaming(const double* a, const double* b, double* out, int64_t n);

/* The same with ordinary stores. */
void probe_triad(const double* a, const double* b, double* out, int64_t n);

#ifdef __cplusplus
}
#endif
#endif

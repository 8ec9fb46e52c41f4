// What the machine can do at the moment: the limits that a time is read against.
#pragma once

#include <cstdint>

namespace theon::benchmarks {

/// Bits of the vectors of the multiply-add probe, the widest the machine has.
int probe_vector_bits();

/// Independent multiply-adds on the widest vectors, in operations a second of all threads. T is float or double.
template <class T>
double probe_multiply_add(double budget);

/// Bytes a second of all threads.
struct Bandwidth {
  double triad, read;
};
/// a + 3 * b, and the sum of an array, with `bytes` in all arrays together. The triad's stores bypass the caches where
/// that is faster.
Bandwidth probe_bandwidth(std::int64_t bytes, double budget);

}  // namespace theon::benchmarks

// What the machine can do, measured between the turns of a row.
#pragma once

#include "benchmarks/measure.h"

namespace theon::benchmarks {

/// Seconds for one floating-point operation of float32 multiply-adds on the widest vectors.
Turn multiply_add_probe();

/// Seconds for one byte of a + 3 * b on float64, with `bytes` in all three arrays together. Above 16 MiB, about where
/// arrays leave the caches, the stores bypass them.
Turn triad_probe(double bytes);

}  // namespace theon::benchmarks

#!/bin/sh
# Measures on one core and writes benchmarks/RESULTS.md: run.sh [--mnist DIR] [--seconds BUDGET]
# CORE chooses the core; the last one otherwise. The CSV goes to build/release/benchmarks/results.csv.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh
cmake --preset release
cmake --build --preset release --target benchmark_bench example_mnist

# A preset core type or cache size makes OpenBLAS slower than it is.
for variable in $(env | sed -n 's/^\(OPENBLAS_[A-Z0-9_]*\)=.*/\1/p'); do unset "$variable"; done

core=${CORE:-$(($(nproc) - 1))}
taskset -c "$core" build/release/benchmarks/bench --markdown benchmarks/RESULTS.md "$@" |
  tee build/release/benchmarks/results.csv

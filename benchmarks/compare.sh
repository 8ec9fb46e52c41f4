#!/bin/sh
# Measures Theon and the Python peers on rows.txt, on one core, and writes benchmarks/PEERS.md:
#   compare.sh [--only PREFIX] [--peers NAME,...] [--seconds BUDGET]
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh
benchmarks/peers/setup.sh
cmake --preset release
cmake --build --preset release --target benchmark_worker

python=build/peers/bin/python
table=build/release/benchmarks/peers.csv
"$python" benchmarks/peers/run.py "$@" >"$table"
"$python" benchmarks/peers/report.py "$table" >benchmarks/PEERS.md
tail -7 benchmarks/PEERS.md

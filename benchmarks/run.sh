#!/bin/sh
# Measures Theon and its peers, adds what it finds to benchmarks/results.csv, and makes benchmarks/RESULTS.md and plots of it.
# Prints at the end how many rows are ahead, on parity and lost.
#
#   run.sh                       all rows, on one core
#   run.sh --threads 2           the same on so many cores
#   run.sh --only PREFIX         rows whose id starts so; the others stay as they were measured before
#   run.sh --resume              leaves out what this commit has measured already
#   run.sh --mnist FOLDER        with the files of MNIST, also the example's test errors
#   run.sh --peers NAME,...      a trial with these peers, or with --seconds BUDGET of a measurement (0.1 otherwise): its
#                                results go to build/benchmarks, and only the rows that it ran count
#
# RESULTS.md is written once all rows were measured on one core; until then the report is build/benchmarks/partial.md.
set -eu
cd "$(dirname "$0")/.."

is_trial=false threads=1 only="" previous=""
for word in "$@"; do
  case $word in --peers | --seconds) is_trial=true ;; esac
  case $previous in
    --threads) threads=$word ;;
    --only) only=$word ;;
  esac
  previous=$word
done

scripts/install-deps.sh libdnnl-dev
benchmarks/peers/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release --target benchmark_worker benchmark_rivals example_mnist

mkdir -p build/benchmarks
partial=build/benchmarks/partial.md
if $is_trial; then
  table=build/benchmarks/trial.csv report=build/benchmarks/trial.md
  rm -f "$table"
else
  only=""  # of what is known, all counts
  table=benchmarks/results.csv report=benchmarks/RESULTS.md
fi

python=build/peers/bin/python
"$python" benchmarks/peers/run.py --csv "$table" "$@"
"$python" benchmarks/peers/report.py --csv "$table" --markdown "$report" --partial "$partial" --threads "$threads" --only "$only"

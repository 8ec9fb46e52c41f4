#!/bin/sh
# Builds Theon and runs all its tests: test.sh [--sanitize]
# With --sanitize, once more under the address and undefined-behaviour sanitizers.
set -eu
cd "$(dirname "$0")/.."

presets=release
case "${1-}" in
  "") ;;
  --sanitize) presets="release dev" ;;
  *) echo "usage: $0 [--sanitize]" >&2; exit 2 ;;
esac

scripts/install-deps.sh
for preset in $presets; do
  cmake --preset "$preset"
  cmake --build --preset "$preset"
  ctest --preset "$preset" --parallel "$(nproc)"
done

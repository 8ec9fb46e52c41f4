#!/bin/sh
# Builds the MNIST example, with what it needs and no more, and runs it: demo.sh [arguments of the example]
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh
cmake --preset release
cmake --build --preset release --target example_mnist
exec build/release/examples/mnist "$@"

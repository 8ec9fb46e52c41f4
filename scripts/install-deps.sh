#!/bin/sh
# Installs what Theon is built from, on Debian 12, and the packages named; does nothing where it is all there.
set -eu

packages="
  g++ cmake ninja-build ccache
  llvm-19-dev libboost-dev libfmt-dev libopenblas-dev liblapacke-dev
  catch2 libmpfr-dev libgmp-dev zlib1g-dev libzstd-dev
  $*
"

is_installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=""
for package in $packages; do
  is_installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then exit 0; fi

echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
as_root apt-get update -qq
# shellcheck disable=SC2086
as_root apt-get install -y -qq --no-install-recommends $missing

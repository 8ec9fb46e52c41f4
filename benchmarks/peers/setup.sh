#!/bin/sh
# Makes build/peers, a virtual environment with the Python libraries to compare with; does nothing where it is all there.
set -eu
cd "$(dirname "$0")/../.."

here=benchmarks/peers
environment=build/peers
python=$environment/bin/python

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

make_environment() {
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -qq
    as_root apt-get install -y -qq --no-install-recommends python3-venv python3-dev
  fi
  python3 -m venv "$environment"
}

# PyPI's torch for Linux is built for CUDA and does not load without gigabytes of CUDA libraries, of which the processor
# uses none. Stand-ins take their places: every function says cudaErrorNoDevice.
stand_in_for_cuda() {
  libraries=$("$python" -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])')/lib
  prefixes='cu|nccl|nvrtc|nvJitLink|nvshmem'
  nm -D --undefined-only "$libraries"/*.so |
    sed -nE "s/^ *U (_*($prefixes)[A-Za-z0-9_]*)(@.*)?\$/long \1(void) { return 100; }/p" | sort -u >"$environment/cuda.c"
  for name in $(ldd "$libraries"/*.so | sed -n 's/^[[:space:]]*\(lib[^ ]*\) => not found/\1/p' | sort -u); do
    case $name in libcuda.so.*) continue ;; esac
    gcc -w -fno-builtin -shared -fPIC -Wl,-soname,"$name" -o "$libraries/$name" "$environment/cuda.c"
  done
}

install_torch() {
  "$python" -m pip install -q --no-deps -r "$here/torch.txt"
  stand_in_for_cuda
  "$python" -c 'import torch' || echo "torch does not load here; its rows are left out" >&2
}

wanted=$(cat "$here"/requirements.txt "$here"/torch.txt "$here"/setup.sh | cksum)
if [ "$(cat "$environment/installed" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

[ -x "$python" ] || make_environment
"$python" -m pip install -q -r "$here/requirements.txt"
install_torch
echo "$wanted" >"$environment/installed"

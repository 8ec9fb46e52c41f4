"""One peer in a process of its own: reads lines `row id <tab> folder with the inputs and results`, answers each with a line.

usage: worker.py PEER SECONDS

The answer is `ok <tab> version <tab> min <tab> median <tab> p90 <tab> error`, `absent`, or `failed <tab> why`.
"""

import importlib
import os
import sys
import traceback
from functools import cache
from pathlib import Path

import numpy as np

import memory
from peer import Peer, Unsupported, as_tuple
from reference import max_error
from rows import Row, row_of
from tasks import TASKS, Task, task_of
from timing import Timing, measure, seconds_of, summarise

PEERS = {
    "numpy": ("numpy_peer", "NumpyPeer"),
    "numexpr": ("numexpr_peer", "NumexprPeer"),
    "numba": ("numba_peer", "NumbaPeer"),
    "jax": ("jax_peer", "JaxPeer"),
    "torch": ("torch_peer", "TorchPeer"),
    "torch-compile": ("torch_peer", "TorchCompilePeer"),
    "pytensor-numba": ("pytensor_peer", "PytensorNumbaPeer"),
    "pytensor-c": ("pytensor_peer", "PytensorCPeer"),
    "casadi": ("casadi_peer", "CasadiPeer"),
}


def load_peer(name: str) -> Peer:
    module, kind = PEERS[name]
    return getattr(importlib.import_module(module), kind)()


def load(folder: str, kind: str) -> list[np.ndarray]:
    return [np.load(path) for path in sorted(Path(folder).glob(f"{kind}*.npy"))]


def measure_row(peer: Peer, row: Row, inputs: list, expected: list, budget: float) -> tuple[Timing, float]:
    peer.forget()
    if row.key not in TASKS:
        start_compiler(peer, row.dtype)
        return summarise([seconds_of(peer.compilation(row))]), 0.0
    task = task_of(row)
    arrays = [peer.place(a) for a in inputs]
    function = peer.compile(row, task, arrays)
    error = max_error([np.array(peer.fetch(r)) for r in as_tuple(peer.bind(function, task, arrays)())], expected)
    if row.task.startswith("M"):
        del arrays
        return memory.measure(peer, row, task, function, inputs), error
    if row.task == "O6":
        return new_sizes(peer, task, function, inputs), error
    return measure(peer.bind(function, task, [peer.place(a) for a in inputs]), budget), error


@cache
def start_compiler(peer: Peer, dtype: str):
    """The first compilation of a process also loads and starts the compiler."""
    peer.compilation(Row("O3", "compile", dtype, "11"))()
    peer.forget()


def new_sizes(peer: Peer, task: Task, function, inputs: list) -> Timing:
    """Of calls each on a size that was not seen before."""
    grown = ([np.resize(a, a.size + more) for a in inputs] for more in range(1, 21))
    calls = [peer.bind(function, task, [peer.place(a) for a in arrays]) for arrays in grown]
    return summarise([seconds_of(call) for call in calls])


def answer(peer: Peer, line: str, budget: float) -> str:
    row_id, folder = line.rstrip("\n").split("\t")
    try:
        inputs, expected = (load(folder, kind) for kind in ("input", "result"))
        timing, error = measure_row(peer, row_of(row_id), inputs, expected, budget)
    except Unsupported:
        return "absent"
    except Exception as problem:
        if os.environ.get("PEERS_TRACEBACK"):
            traceback.print_exc()
        return "failed\t" + " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
    numbers = (timing.min, timing.median, timing.p90, error)
    return "\t".join(["ok", peer.version, *(f"{number:.6g}" for number in numbers)])


def main():
    name, budget = sys.argv[1:]
    # Libraries print as they please; answers go where nothing else does.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = load_peer(name)
    for line in sys.stdin:
        print(answer(peer, line, float(budget)), file=answers, flush=True)


if __name__ == "__main__":
    main()

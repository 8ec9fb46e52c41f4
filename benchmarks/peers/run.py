"""Measures Theon and its peers on the rows of rows.txt and writes CSV to standard output.

usage: run.py [--only PREFIX] [--peers NAME,...] [--threads N] [--seconds BUDGET] [--limit SECONDS]

Each peer runs in a process of its own, once with malloc as it comes and once with malloc told to keep its memory.
A row's peers run one after another on the same inputs. What fails says so on standard error.
"""

import argparse
import os
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from reference import reference
from rows import Row, read_rows
from tasks import TASKS, inputs_of, task_of
from worker import PEERS

HEADER = "id,peer,version,threads,allocation,time_min,time_median,time_p90,max_error"
KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TOP_PAD_": str(1 << 30),
           "MALLOC_TRIM_THRESHOLD_": str(1 << 34)}
ALLOCATIONS = {"default": {}, "kept": KEEPING}
EVERYONE = ("theon", *PEERS)


def environment(threads: int, allocation: str, scratch: str) -> dict[str, str]:
    # A preset core type or cache size makes OpenBLAS slower than it is.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    counts = {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "NUMBA")}
    one_thread = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if threads == 1 else {}
    own = {"CUDA_VISIBLE_DEVICES": "", "PYTENSOR_FLAGS": f"base_compiledir={scratch}/pytensor",
           "TORCHINDUCTOR_CACHE_DIR": f"{scratch}/inductor", "NUMBA_CACHE_DIR": f"{scratch}/numba"}
    return kept | counts | one_thread | own | ALLOCATIONS[allocation]


class Worker:
    """A process that measures one peer; started on its first row, and again after it died or took too long."""

    def __init__(self, peer: str, allocation: str, options, scratch: str):
        self.peer, self.allocation, self.options, self.scratch = peer, allocation, options, scratch
        self.process = None

    def command(self) -> list[str]:
        seconds = str(self.options.seconds)
        if self.peer == "theon":
            return [self.options.theon, seconds, self.allocation]
        return [sys.executable, str(Path(__file__).with_name("worker.py")), self.peer, seconds]

    def start(self):
        cores = sorted(os.sched_getaffinity(0))[-self.options.threads:]
        self.process = subprocess.Popen(
            self.command(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment(self.options.threads, self.allocation, self.scratch),
            preexec_fn=lambda: os.sched_setaffinity(0, cores))

    def measure(self, row: Row, folder: str) -> list[str]:
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(f"{row.id}\t{folder}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self.give_up("did not start")
        if not select.select([self.process.stdout], [], [], self.options.limit)[0]:
            return self.give_up(f"took more than {self.options.limit:g} s")
        line = self.process.stdout.readline()
        return line.rstrip("\n").split("\t") if line else self.give_up("crashed")

    def give_up(self, why: str) -> list[str]:
        self.stop()
        return ["failed", why]

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


def write_arrays(folder: Path, kind: str, arrays: list[np.ndarray]):
    for i, array in enumerate(arrays):
        np.save(folder / f"{kind}{i:02}.npy", array)


def write_data(row: Row, folder: Path):
    """The row's inputs, and its results in float64."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if row.key in TASKS:
        inputs = inputs_of(row)
        write_arrays(folder, "input", inputs)
        write_arrays(folder, "result", reference(task_of(row), inputs, row.dtype))


def report(row: Row, worker: Worker, answer: list[str]):
    status, *fields = answer
    if status == "failed":
        print(f"{row.id}: {worker.peer}, {worker.allocation}: {fields[0]}", file=sys.stderr, flush=True)
    if status == "ok":
        version, *numbers = fields
        print(row.id, worker.peer, version, worker.options.threads, worker.allocation, *numbers, sep=",", flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description="Measures the Python peers.")
    parser.add_argument("--only", default="", metavar="PREFIX", help="rows whose id starts so")
    parser.add_argument("--peers", default=",".join(EVERYONE), help="of " + ", ".join(EVERYONE))
    parser.add_argument("--theon", default="build/release/benchmarks/worker", metavar="PROGRAM", help="Theon's worker")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.2, help="budget of one measurement")
    parser.add_argument("--limit", type=float, default=120, help="seconds after which a row is given up")
    return parser.parse_args()


def main():
    options = parse_options()
    with tempfile.TemporaryDirectory() as scratch:
        workers = [Worker(peer, allocation, options, f"{scratch}/{allocation}")
                   for peer in options.peers.split(",") for allocation in ALLOCATIONS]
        print(HEADER, flush=True)
        folder = Path(scratch) / "row"
        for row in read_rows(options.only):
            write_data(row, folder)
            for worker in workers:
                report(row, worker, worker.measure(row, str(folder)))
        for worker in workers:
            worker.stop()


if __name__ == "__main__":
    main()

"""Measures Theon and its peers on the rows of rows.txt, and puts what it finds into a CSV.

usage: run.py --csv FILE [--only PREFIX] [--peers NAME,...] [--threads N] [--seconds BUDGET] [--limit SECONDS]
              [--resume] [--mnist FOLDER]

A row's peers run one after another on the same inputs, each in a process of its own, and before each of them probes say
what the machine can do at the moment. Rows whose arrays leave the heap are measured twice: with malloc as it comes, and
with malloc told to keep its memory. Processes may use the last N cores, and learn from that how many threads to use.
"""

import argparse
import datetime
import math
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from limits import read_limits
from reference import reference
from results import PROBES, Result, Table
from rows import Row, read_rows, row_of
from tasks import TASKS, inputs_of
from work import work_of
from worker import PEERS

PROGRAMS = Path("build/release/benchmarks")
MNIST = Path("build/release/examples/mnist")
CACHES = Path("build/peers/cache").absolute()
RIVALS = ("c", "openblas", "onednn")
EVERYONE = ("theon", *RIVALS, *PEERS)
KEEPING = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TOP_PAD_": str(1 << 30),
           "MALLOC_TRIM_THRESHOLD_": str(1 << 34)}
ALLOCATIONS = {"default": {}, "kept": KEEPING}
PROBE_SECONDS, HEAP_BYTES, START_SECONDS = 0.004, 1 << 16, 240
TOO_LONG = "took too long"
# A preset core type, cache size or number of threads makes libraries slower than they are.
PRESET = ("OPENBLAS_", "OMP_", "MKL_", "GOTO_", "NUMEXPR_", "NUMBA_")


def environment(threads: int, allocation: str, caches: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PRESET)}
    one_thread = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"} if threads == 1 else {}
    own = {"CUDA_VISIBLE_DEVICES": "", "PYTENSOR_FLAGS": f"base_compiledir={caches}/pytensor",
           "TORCHINDUCTOR_CACHE_DIR": f"{caches}/inductor", "NUMBA_CACHE_DIR": f"{caches}/numba",
           "XDG_CACHE_HOME": str(caches)}
    return kept | one_thread | own | ALLOCATIONS[allocation]


class Worker:
    """A process that measures one peer; started on its first row, and again after it died or took too long."""

    def __init__(self, peer: str, allocation: str, caches: Path, options):
        self.peer, self.allocation, self.caches, self.options = peer, allocation, caches, options
        self.process = None

    def command(self) -> list[str]:
        if self.peer == "theon":
            return [str(PROGRAMS / "worker"), str(self.options.seconds), self.allocation]
        if self.peer == "probe":
            return [str(PROGRAMS / "rivals"), "probe", str(PROBE_SECONDS)]
        if self.peer in RIVALS:
            return [str(PROGRAMS / "rivals"), self.peer, str(self.options.seconds)]
        return [sys.executable, str(Path(__file__).with_name("worker.py")), self.peer, str(self.options.seconds)]

    def start(self):
        cores = sorted(os.sched_getaffinity(0))[-self.options.threads:]
        self.process = subprocess.Popen(
            self.command(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment(self.options.threads, self.allocation, self.caches),
            preexec_fn=lambda: os.sched_setaffinity(0, cores))

    def ask(self, row_id: str, folder: Path) -> list[str]:
        """The fields of the answer."""
        patience = self.options.limit
        if self.process is None:
            self.start()
            patience += START_SECONDS
        try:
            self.process.stdin.write(f"{row_id}\t{folder}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self.give_up("did not start")
        if not select.select([self.process.stdout], [], [], patience)[0]:
            return self.give_up(TOO_LONG)
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


class Run:
    """Workers, started as rows ask for them, and what all results of the run have in common."""

    def __init__(self, options, scratch: Path):
        self.options, self.scratch = options, scratch
        self.workers: dict[tuple, Worker] = {}
        self.too_slow: dict[tuple, int] = {}  # sizes that took too long
        self.date = datetime.date.today().isoformat()
        self.commit = described_commit()
        self.machine = described_machine()

    def worker(self, peer: str, allocation: str, row: Row | None = None) -> Worker:
        # What times compiling finds nothing compiled earlier.
        is_cold = row is not None and row.task in ("O3", "O4", "O5")
        caches = self.scratch / "caches" if is_cold else CACHES
        return self.workers.setdefault((peer, allocation, is_cold), Worker(peer, allocation, caches, self.options))

    def measure(self, row: Row) -> list[Result]:
        """Of all peers, and of the probes in between."""
        folder = self.scratch / "row"
        arrays_bytes = write_data(row, folder)
        results, probes = [], []
        for peer in self.options.peers.split(","):
            probes += self.probe(row)
            for allocation in allocations(peer, row, arrays_bytes):
                results += self.result(row, peer, allocation, self.ask(row, peer, allocation, folder))
        return results + self.rates(row, probes)

    def ask(self, row: Row, peer: str, allocation: str, folder: Path) -> list[str]:
        """The worker's answer. What took too long is not tried on larger sizes."""
        kind, size = (peer, row.key, row.dtype), math.prod(row.extents)
        if size >= self.too_slow.get(kind, math.inf):
            return ["failed", TOO_LONG]
        answer = self.worker(peer, allocation, row).ask(row.id, folder)
        if answer == ["failed", TOO_LONG]:
            self.too_slow[kind] = size
        return answer

    def probe(self, row: Row) -> list[list[float]]:
        """What the machine can do at the moment."""
        work = work_of(row)
        if work is None or work.flops == 0:
            return []
        answer = self.worker("probe", "default").ask(f"probe.any.{row.dtype}.{work.bytes:.0f}", self.scratch)
        return [[float(rate) for rate in answer[2:5]]] if answer[0] == "ok" else []

    def rates(self, row: Row, probes: list[list[float]]) -> list[Result]:
        return [self.line(row.id, name, "", min(rates), median(rates), max(rates), None, self.machine)
                for name, rates in zip(PROBES, zip(*probes))]

    def result(self, row: Row, peer: str, allocation: str, answer: list[str]) -> list[Result]:
        if answer == ["absent"] and peer == "theon":
            answer = ["failed", "Theon has no such row"]
        status, *fields = answer
        if status == "absent":
            return []
        if status == "failed":
            print(f"{row.id}: {peer}, {allocation}: {fields[0]}", file=sys.stderr, flush=True)
            return [self.line(row.id, peer, allocation, None, None, None, None, "", fields[0])]
        version, *numbers = fields
        return [self.line(row.id, peer, allocation, *map(float, numbers), version)]

    def line(self, row_id: str, peer: str, allocation: str, *rest) -> Result:
        *numbers, version, note = rest if len(rest) == 6 else (*rest, "")
        return Result(row_id, self.options.threads, peer, allocation, *numbers, version, self.date, self.commit, note)

    def limit(self, row_id: str) -> list[Result]:
        return self.result(row_of(row_id), "theon", "default",
                           self.worker("theon", "default").ask(row_id, self.scratch))

    def mnist(self, row_id: str, table: str) -> list[Result]:
        """A test error out of the example's final table."""
        model = row_id.removeprefix("mnist.").replace("_", " ")
        match = re.search(rf"\n{re.escape(model)} +([0-9.]+) %", table)
        value = float(match[1]) if match else None
        note = "" if match else "the MNIST example printed no test error"
        return [self.line(row_id, "theon", "", value, value, value, None, "", note)]

    def make_room(self):
        """Peers keep what they compiled, some of them GiB: workers start anew before the machine runs out of memory."""
        if memory_bytes("MemAvailable") < memory_bytes("MemTotal") / 2:
            self.stop()

    def stop(self):
        for worker in self.workers.values():
            worker.stop()


def memory_bytes(kind: str) -> int:
    return 1024 * int(re.search(rf"{kind}: +(\d+) kB", Path("/proc/meminfo").read_text())[1])


def allocations(peer: str, row: Row, arrays_bytes: int) -> tuple[str, ...]:
    """Small arrays come from the heap in any case; the rivals in C allocate nothing."""
    if row.key not in TASKS:
        return ("default",)
    if peer in RIVALS:
        return ("kept",)
    return tuple(ALLOCATIONS) if peer == "theon" or arrays_bytes > HEAP_BYTES else ("default",)


def write_arrays(folder: Path, kind: str, arrays: list[np.ndarray]) -> int:
    for i, array in enumerate(arrays):
        np.save(folder / f"{kind}{i:02}.npy", array)
    return sum(array.nbytes for array in arrays)


def write_data(row: Row, folder: Path) -> int:
    """The row's inputs, and its results in float64; how many bytes they are."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if row.key not in TASKS:
        return 0
    inputs = inputs_of(row)
    expected = reference(row, inputs)
    return write_arrays(folder, "input", inputs) + write_arrays(folder, "result", expected)


def described_commit() -> str:
    """With a plus where other files than results were changed."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    others = [f":!benchmarks/{name}" for name in ("results.csv", "RESULTS.md", "plots")]
    is_changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", ".", *others]).returncode != 0
    return commit + "+" * is_changed


def described_machine() -> str:
    """The processor, and how wide its vectors are."""
    lines = (line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
    said = {name.strip(): value.strip() for name, value in lines}
    isa = next((isa for isa in ("avx512f", "avx2", "avx") if isa in said.get("flags", "").split()), "sse2")
    return (f"{said.get('model name')}, family {said.get('cpu family')}, model {said.get('model')}, {isa}, "
            f"{os.cpu_count()} cores")


def output_of_mnist(folder: str) -> str:
    return subprocess.run([MNIST, "--data", folder], capture_output=True, text=True).stdout


def parse_options():
    parser = argparse.ArgumentParser(description="Measures Theon and its peers.")
    parser.add_argument("--csv", type=Path, required=True, metavar="FILE", help="what is known, and what is added to it")
    parser.add_argument("--only", default="", metavar="PREFIX", help="rows whose id starts so")
    parser.add_argument("--peers", default=",".join(EVERYONE), help="of " + ", ".join(EVERYONE))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.1, help="budget of one measurement")
    parser.add_argument("--limit", type=float, default=60, help="seconds after which a row is given up")
    parser.add_argument("--resume", action="store_true", help="leave out rows that this commit has measured")
    parser.add_argument("--mnist", default="", metavar="FOLDER", help="the files of MNIST; without them, no test errors")
    return parser.parse_args()


def measure_rows(run: Run, table: Table):
    options = run.options
    rows = read_rows(options.only)
    for place, row in enumerate(rows, 1):
        known = table.of(row.id, options.threads)
        if options.resume and known and known[0].commit == run.commit:
            continue
        print(f"{place}/{len(rows)} {row.id}", file=sys.stderr, flush=True)
        table.replace(row.id, options.threads, run.measure(row))
        run.make_room()


def measure_limits(run: Run, table: Table):
    """Those that are no rows; they are Theon's alone."""
    options = run.options
    wanted = [limit.id for limit in read_limits() if limit.id.startswith(options.only)]
    for row_id in wanted:
        if row_id.startswith("limit."):
            table.replace(row_id, options.threads, run.limit(row_id))
    models = [row_id for row_id in wanted if row_id.startswith("mnist.")]
    if options.mnist and models:
        text = output_of_mnist(options.mnist)
        for row_id in models:
            table.replace(row_id, options.threads, run.mnist(row_id, text))


def main():
    options = parse_options()
    table = Table(options.csv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # and take the workers along
    with tempfile.TemporaryDirectory() as scratch:
        run = Run(options, Path(scratch))
        try:
            measure_rows(run, table)
            measure_limits(run, table)
        finally:
            run.stop()


if __name__ == "__main__":
    main()

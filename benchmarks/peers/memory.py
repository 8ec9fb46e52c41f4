"""Memory that calls of a row need: the M rows, which give bytes or page faults where others give seconds."""

import ctypes
import gc
import resource
from pathlib import Path

from peer import Peer
from rows import Row
from tasks import Task
from timing import Timing

CALLS = 3


def resident(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return 1024 * int(line.split()[1])
    raise KeyError(field)


def forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def peak(peer: Peer, task: Task, function, inputs: list) -> float:
    """How far the resident set grows from before the inputs are placed."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    forget_peak()
    before = resident("VmRSS")
    call = peer.bind(function, task, [peer.place(a) for a in inputs])
    for _ in range(CALLS):
        call()
    return resident("VmHWM") - before


def page_faults(call, calls: int) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(calls):
        call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def steady_faults(peer: Peer, row: Row, task: Task, function, inputs: list) -> float:
    call = peer.bind(function, task, [peer.place(a) for a in inputs])
    page_faults(call, 10)
    return page_faults(call, *row.extents)


def measure(peer: Peer, row: Row, task: Task, function, inputs: list) -> Timing:
    value = steady_faults(peer, row, task, function, inputs) if row.task == "M6" else peak(peer, task, function, inputs)
    return Timing(value, value, value)

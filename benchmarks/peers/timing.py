"""Times of a call, in seconds."""

from dataclasses import dataclass
from time import perf_counter_ns

BLOCK_SECONDS = 2e-3
FEWEST_BLOCKS = 3


@dataclass(frozen=True)
class Timing:
    min: float
    median: float
    p90: float


def seconds_of(call, repeats: int = 1) -> float:
    start = perf_counter_ns()
    for _ in range(repeats):
        call()
    return (perf_counter_ns() - start) * 1e-9


def measure(call, budget: float) -> Timing:
    """Of one call, from blocks of as many as fill two milliseconds, until the budget is spent. A single call where that
    alone takes ten times as long."""
    first = seconds_of(call)
    if first > 10 * budget:
        return summarise([first])
    once = min(first, seconds_of(call))
    repeats = max(1, round(BLOCK_SECONDS / once))
    blocks, spent = [once] if repeats == 1 else [], 0.0
    while spent < budget or (len(blocks) < FEWEST_BLOCKS and spent < 10 * budget):
        elapsed = seconds_of(call, repeats)
        blocks.append(elapsed / repeats)
        spent += elapsed
    return summarise(blocks)


def summarise(times: list[float]) -> Timing:
    ordered = sorted(times)
    return Timing(ordered[0], ordered[len(ordered) // 2], ordered[int(0.9 * (len(ordered) - 1) + 0.5)])

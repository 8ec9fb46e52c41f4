"""The conditions of factors.txt, and what they make of a row."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

PATH = Path(__file__).resolve().parent.parent / "factors.txt"
GROUPS = {"library": ("openblas", "onednn"), "pytensor": ("pytensor-numba", "pytensor-c")}
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}
PARITY = 0.05


@dataclass(frozen=True)
class Faster:
    peers: tuple[str, ...]
    factor: float

    def holds(self, time, peers, share) -> bool:
        return all(peers[peer] >= self.factor * time for peer in self.peers if peer in peers)


@dataclass(frozen=True)
class Share:
    least: float

    def holds(self, time, peers, share) -> bool:
        return share is not None and share >= self.least


@dataclass(frozen=True)
class AtMost:
    seconds: float

    def holds(self, time, peers, share) -> bool:
        return time <= self.seconds


@dataclass(frozen=True)
class Either:
    conditions: tuple

    def holds(self, *facts) -> bool:
        return any(condition.holds(*facts) for condition in self.conditions)


def condition(text: str):
    if "/" in text:
        return Either(tuple(condition(part) for part in text.split("/")))
    if text.strip().endswith("%"):
        return Share(float(text.strip()[:-1]) / 100)
    first, second = text.split()
    if second in UNITS:
        return AtMost(float(first) * UNITS[second])
    return Faster(GROUPS.get(first, (first,)), float(second))


def read_lines() -> list[tuple[str, list]]:
    lines = (line.split("#")[0].strip() for line in PATH.read_text().splitlines())
    patterns = (line.split(None, 1) for line in lines if line)
    return [(pattern, [condition(part) for part in conditions.split(",")]) for pattern, conditions in patterns]


LINES = read_lines()


def conditions_of(row_id: str) -> list:
    return [condition for pattern, conditions in LINES if fnmatchcase(row_id, pattern) for condition in conditions]


def limit_of(row_id: str) -> float | None:
    """The time that the row may take."""
    return min((c.seconds for c in conditions_of(row_id) if isinstance(c, AtMost)), default=None)


def is_ahead(row_id: str, time: float, peers: dict[str, float], share: float | None) -> bool:
    conditions = conditions_of(row_id)
    factors = [c for c in flattened(conditions) if isinstance(c, Faster)]
    if not all(condition.holds(time, peers, share) for condition in conditions):
        return False
    named = {peer for c in factors for peer in c.peers}
    others = {peer: found for peer, found in peers.items() if peer not in named}
    least = min((1.0, *(c.factor for c in factors))) if factors else 1 / (1 - PARITY)
    return Faster(tuple(others), least).holds(time, others, share)


def flattened(conditions: list) -> list:
    return [part for c in conditions for part in (c.conditions if isinstance(c, Either) else (c,))]


def verdict(row_id: str, time: float | None, peers: dict[str, float], share: float | None) -> str:
    """`peers` are times of those whose results are right; `time` is None where Theon's is not, or was not run."""
    if time is None:
        return "loss"
    best = min(peers.values(), default=None)
    if best is not None and time > (1 + PARITY) * best:
        return "loss"
    if is_ahead(row_id, time, peers, share):
        return "ahead"
    return "near" if best is None or time < (1 - PARITY) * best else "parity"

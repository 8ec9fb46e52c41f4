"""The lines of limits.txt."""

import math
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).resolve().parent.parent / "limits.txt"
SCALES = {"ns": 1e9, "ms": 1e3}


@dataclass(frozen=True)
class Limit:
    id: str
    most: float
    unit: str
    what: str

    @property
    def kind(self) -> str:
        return self.id.split(".")[0]

    def found(self, time_of) -> float | None:
        """In the limit's unit; None where it was not measured. time_of(id) gives what is known of a row."""
        if self.kind == "ratio":
            return quotient(*map(time_of, self.id.removeprefix("ratio.").split("/")))
        if self.kind == "growth":
            return exponent(self.id.removeprefix("growth."), time_of)
        value = time_of(self.id)
        return None if value is None else value * SCALES.get(self.unit, 1)


def quotient(first, second) -> float | None:
    return first / second if first and second else None


def exponent(path: str, time_of) -> float | None:
    smaller, size = path.split("/")
    row = smaller.rsplit(".", 1)
    growth = quotient(time_of(f"{row[0]}.{size}"), time_of(smaller))
    return math.log(growth) / math.log(float(size) / float(row[1])) if growth else None


def read_limits() -> list[Limit]:
    lines = (line.split("#")[0].split(None, 3) for line in PATH.read_text().splitlines())
    return [Limit(name, float(most), unit, what.strip()) for name, most, unit, what in filter(None, lines)]

"""The CSV of results: a line for each row, number of threads, peer and way to allocate."""

import csv
import os
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from rows import read_rows

# Rates of the probes take the place of times: the lowest, the median and the highest met while the row was measured.
PROBES = ("triad", "read", "multiply-add")


@dataclass(frozen=True)
class Result:
    id: str
    threads: int
    peer: str
    allocation: str
    min: float | None  # None where the peer failed
    median: float | None
    p90: float | None
    error: float | None
    version: str
    date: str
    commit: str
    note: str = ""  # why it failed

    @classmethod
    def parse(cls, line: dict) -> "Result":
        numbers = {name: float(line[name]) if line[name] else None for name in ("min", "median", "p90", "error")}
        return cls(**line | numbers | {"threads": int(line["threads"])})

    def cells(self) -> list:
        return [f"{cell:.5g}" if isinstance(cell, float) else cell for cell in astuple(self)]


class Table:
    """What is known of each row. Rows are replaced as a whole: a row's peers are measured in the same run."""

    def __init__(self, path: Path):
        self.path = path
        self.rows: dict[tuple[str, int], list[Result]] = {}
        if path.exists():
            with path.open(newline="") as lines:
                for line in csv.DictReader(lines):
                    result = Result.parse(line)
                    self.rows.setdefault((result.id, result.threads), []).append(result)

    def of(self, row_id: str, threads: int) -> list[Result]:
        return self.rows.get((row_id, threads), [])

    def thread_counts(self) -> list[int]:
        return sorted({threads for _, threads in self.rows})

    def replace(self, row_id: str, threads: int, results: list[Result]):
        self.rows[row_id, threads] = results
        self.save()

    def save(self):
        order = {row.id: place for place, row in enumerate(read_rows())}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(field.name for field in fields(Result))
            for key in sorted(self.rows, key=lambda key: (key[1], order.get(key[0], len(order)), key[0])):
                lines.writerows(result.cells() for result in self.rows[key])
        os.replace(fresh, self.path)

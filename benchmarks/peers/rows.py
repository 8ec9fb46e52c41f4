"""The rows of rows.txt."""

from dataclasses import dataclass
from pathlib import Path

ROWS = Path(__file__).resolve().parent.parent / "rows.txt"


@dataclass(frozen=True)
class Row:
    task: str
    variant: str
    dtype: str
    size: str

    @property
    def id(self) -> str:
        return f"{self.task}.{self.variant}.{self.dtype}.{self.size}"

    @property
    def key(self) -> tuple[str, str]:
        return self.task, self.variant

    @property
    def extents(self) -> tuple[int, ...]:
        return tuple(int(float(extent)) for extent in self.size.split("x"))


def parse(line: str) -> list[Row]:
    task, variant, dtypes, sizes = line.split()
    return [Row(task, variant, dtype, size) for dtype in dtypes.split(",") for size in sizes.split(",")]


def read_rows(prefix: str = "") -> list[Row]:
    lines = (line.split("#")[0].strip() for line in ROWS.read_text().splitlines())
    return [row for line in lines if line for row in parse(line) if row.id.startswith(prefix)]


def row_of(row_id: str) -> Row:
    return Row(*row_id.split(".", 3))

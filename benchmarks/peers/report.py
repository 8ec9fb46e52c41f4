"""Turns the CSV of run.py into a Markdown table, a row for each row of rows.txt, and plots.

usage: report.py --csv FILE --markdown FILE --partial FILE [--threads N] [--only PREFIX]

Where rows are missing, the table is partial and goes elsewhere. Prints at the end how many rows are ahead, on parity and lost.
"""

import argparse
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from factors import limit_of, verdict
from limits import read_limits
from plots import LIMIT, write_plots
from results import PROBES, Result, Table
from rows import Row, read_rows
from work import Work, work_of

# Results further off than this are wrong, and their times do not count.
TOLERANCE = {"float32": 1e-3, "float64": 1e-8}
# What the rows about memory count.
UNITS = {"M1": "B", "M2": "B", "M4": "B", "M6": "faults"}
# Probes further apart than this while a row was measured: the machine was not quiet.
NOISE = 0.8

HEAD = """# Benchmarks

Written by `benchmarks/run.sh`, never by hand. [rows.md](rows.md) says what the rows compute, [factors.txt](factors.txt)
when they are ahead, [results.csv](results.csv) what everybody took.

* A row's times are those of one call: the minimum, and the median in brackets, of Theon and of the fastest peer whose
  results are right, each by the faster way to allocate.
* The limit is the time that the row's operations and bytes take at the rates of probes run in between: multiply-adds on
  the widest vectors, and a triad over as much memory (for rows that hardly write: its sum). `share` is what Theon reaches
  of it. A `~` tells that the probes differed by more than 20 % while the row was measured.
* `error` is Theon's largest one, relative to the largest magnitude of a result in float64 or long double.
* `ahead`: faster than the peers by the factors of the row, and as near to the limit as it says. `near`: ahead of the best
  peer by more than 5 %, but not by the factor or not so near. `parity`: within 5 % of the best peer. `loss`: slower than
  that, wrong, or not run. In the sums `near` counts as parity.
"""


@dataclass(frozen=True)
class Line:
    """What is known of a row, each peer by its faster way to allocate."""

    row: Row
    ours: Result | None
    peers: dict[str, Result]  # right ones
    work: Work | None
    rates: dict[str, Result]
    is_measured: bool

    @property
    def limit(self) -> float | None:
        if self.work is not None and self.work.flops == 0:
            return self.work.bytes
        if self.work is None or not self.rates:
            return limit_of(self.row.id)
        bandwidth = self.rates["read" if self.work.reads else "triad"].p90
        return max(self.work.flops / self.rates["multiply-add"].p90, self.work.bytes / bandwidth)

    @property
    def share(self) -> float | None:
        if not self.ours or self.limit is None:
            return None
        return self.limit / self.ours.min if self.ours.min else 1.0

    @property
    def best(self) -> Result | None:
        return min(self.peers.values(), key=lambda result: result.min, default=None)

    @property
    def is_noisy(self) -> bool:
        return any(rate.min < NOISE * rate.p90 for rate in self.rates.values())

    @property
    def verdict(self) -> str:
        times = {peer: result.min for peer, result in self.peers.items()}
        return verdict(self.row.id, self.ours and self.ours.min, times, self.share)


def line_of(row: Row, results: list[Result]) -> Line:
    found: dict[str, Result] = {}
    for result in results:
        known = found.get(result.peer)
        if result.peer not in PROBES and is_right(row, result) and (known is None or result.min < known.min):
            found[result.peer] = result
    ours = found.pop("theon", None)
    return Line(row, ours, found, work_of(row), {r.peer: r for r in results if r.peer in PROBES}, bool(results))


def is_right(row: Row, result: Result) -> bool:
    return result.min is not None and result.error <= TOLERANCE[row.dtype]


def quantity(row: Row, value: float | None) -> str:
    if value is None:
        return ""
    if row.task in UNITS:
        return f"{value:.4g} {UNITS[row.task]}"
    for scale, unit in ((1e9, "ns"), (1e6, "us"), (1e3, "ms")):
        if value * scale < 1000:
            return f"{value * scale:.3g} {unit}"
    return f"{value:.3g} s"


def time_cell(row: Row, result: Result | None) -> str:
    if result is None:
        return "not run"
    least, middle = quantity(row, result.min), quantity(row, result.median)
    return least if least == middle else f"{least} ({middle})"


def cells(line: Line) -> str:
    row, ours, best, share, word = line.row, line.ours, line.best, line.share, line.verdict
    return "| " + " | ".join([
        row.id,
        f"{line.work.flops:.3g}" if line.work and line.work.flops else "",
        f"{line.work.bytes:.3g}" if line.work else "",
        time_cell(row, ours),
        quantity(row, line.limit),
        "" if share is None else f"{100 * share:.0f} %" + ("~" if line.is_noisy else ""),
        f"{ours.error:.1e}" if ours and ours.error is not None else "",
        f"{best.peer}: {time_cell(row, best)}" if best else "",
        f"{ours.min / best.min:.2f}" if ours and best and best.min else "",
        f"**{word}**" if word == "loss" else word,
    ]) + " |"


def summed(lines: list[Line]) -> dict[str, int]:
    count = Counter(line.verdict for line in lines)
    return {"ahead": count["ahead"], "parity": count["parity"] + count["near"], "loss": count["loss"]}


def rows_section(lines: list[Line], threads: int) -> str:
    measured = [line for line in lines if line.is_measured]
    head = f"## {threads} thread{'s' * (threads > 1)}\n\n"
    if len(measured) < len(read_rows()):
        head += f"**Partial: {len(measured)} of {len(read_rows())} rows were measured.**\n\n"
    head += ", ".join(f"{word} {count}" for word, count in summed(lines).items()) + "\n\n"
    head += "| row | flops | bytes | Theon | limit | share | error | best peer | ratio | |\n" + "|---" * 10 + "|\n"
    return head + "\n".join(map(cells, measured)) + "\n"


def limits_section(table: Table, times: dict[str, dict[str, float]]) -> str:
    def time_of(row_id: str) -> float | None:
        known = [result.min for result in table.of(row_id, 1) if result.min is not None]
        return times.get(row_id, {}).get("theon") or min(known, default=None)

    text = "## Limits\n\n| what | found | at most | met |\n|---|---|---|---|\n"
    for limit in read_limits():
        found = limit.found(time_of)
        shown = "not run" if found is None else f"{found:.3g} {limit.unit}"
        met = "" if found is None else "yes" if found <= limit.most else "**no**"
        text += f"| {limit.what} (`{limit.id}`) | {shown} | {limit.most:g} {limit.unit} | {met} |\n"
    return text


def failures_section(table: Table) -> str:
    failed = Counter((r.id, r.peer, r.threads, r.note) for rows in table.rows.values() for r in rows if r.note)
    if not failed:
        return ""
    return "## Failures\n\nRows that a contender has, but could not run.\n\n" + "".join(
        f"* {row_id}, {threads} thread{'s' * (threads > 1)}: {peer}: {note[:120]}\n"
        for row_id, peer, threads, note in failed)


def wrong_section(table: Table) -> str:
    wrong = [(r.id, r.peer, r.error) for row in read_rows() for threads in table.thread_counts()
             for r in table.of(row.id, threads) if r.peer not in PROBES and r.min is not None and not is_right(row, r)]
    if not wrong:
        return ""
    return "## Wrong results\n\n" + "".join(f"* {row_id}: {peer}: error {error:.1e}\n"
                                            for row_id, peer, error in dict.fromkeys(wrong))


def provenance(table: Table) -> str:
    """Machines, versions and dates."""
    results = [result for rows in table.rows.values() for result in rows]
    text = "".join(f"* Machine: {machine}\n" for machine in sorted({r.version for r in results if r.peer in PROBES}))
    for peer in dict.fromkeys(r.peer for r in results if r.peer not in PROBES):
        versions = sorted({r.version for r in results if r.peer == peer and r.version})
        text += f"* {peer}: {'; '.join(versions) or 'did not run'}\n"
    runs = Counter((r.date, r.commit) for r in results if r.peer == "theon")
    times = ", ".join(f"{date} at {commit}" for date, commit in sorted(runs))
    return text + f"* Measured on {times}\n"


def parse_options():
    parser = argparse.ArgumentParser(description="Writes the table of results, and plots.")
    parser.add_argument("--csv", type=Path, required=True, metavar="FILE")
    parser.add_argument("--markdown", type=Path, required=True, metavar="FILE", help="plots go into plots/ beside it")
    parser.add_argument("--partial", type=Path, required=True, metavar="FILE", help="instead, where rows are missing")
    parser.add_argument("--threads", type=int, default=1, help="whose sums are printed")
    parser.add_argument("--only", default="", metavar="PREFIX", help="rows whose id starts so; the others do not count")
    return parser.parse_args()


def plot_section(markdown: Path, lines: list[Line]) -> str:
    times = {line.row.id: {peer: result.min for peer, result in line.peers.items()} for line in lines}
    for line in lines:
        times[line.row.id] |= {"theon": line.ours.min} if line.ours else {}
        times[line.row.id] |= {LIMIT: line.limit} if line.limit else {}
    peers = sorted({peer for line in lines for peer in line.peers})
    tasks = write_plots(markdown.parent / "plots", times, peers)
    return "## Plots\n\nSeconds against numbers of elements, one thread.\n\n" + "".join(
        f"![{task}](plots/{task}.svg)\n" for task in tasks)


def main():
    options = parse_options()
    table = Table(options.csv)
    lines = {threads: [line_of(row, table.of(row.id, threads)) for row in read_rows(options.only)]
             for threads in {*table.thread_counts(), options.threads}}
    first = min(lines)
    is_complete = not options.only and all(line.is_measured for line in lines[first])
    markdown = options.markdown if is_complete else options.partial
    times = {line.row.id: {"theon": line.ours.min} for line in lines[first] if line.ours}
    sections = [HEAD, provenance(table), *(rows_section(lines[threads], threads) for threads in sorted(lines)),
                limits_section(table, times), wrong_section(table), failures_section(table),
                plot_section(markdown, lines[first])]
    markdown.write_text("\n".join(filter(None, sections)))
    print(f"wrote {markdown}")
    if not is_complete:
        print(f"partial: {sum(line.is_measured for line in lines[options.threads])} of {len(read_rows())} rows measured")
    for word, count in summed(lines[options.threads]).items():
        print(word, count)


if __name__ == "__main__":
    main()

"""Turns the CSV of run.py into a Markdown table: Theon's best time of each row beside the best peer's.

usage: report.py CSV

A row is ahead where Theon takes at most 0.95 of the best peer's time, on parity where neither is 5 % faster, and a loss
otherwise. A row of rows.txt that Theon did not run is a loss; one that no peer ran is alone.
"""

import csv
import platform
import sys
from collections import Counter, defaultdict
from pathlib import Path

from rows import Row, read_rows

AHEAD, BEHIND = 0.95, 1.05
# What the rows about memory count, and with what they are on parity: one page.
UNITS = {"M1": "B", "M2": "B", "M4": "B", "M6": "faults"}


def read_times(path: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """For each row and library the shortest time of either way to allocate, with its error."""
    times = defaultdict(dict)
    with path.open(newline="") as lines:
        for line in csv.DictReader(lines):
            found = float(line["time_min"]), float(line["max_error"])
            known = times[line["id"]].get(line["peer"])
            times[line["id"]][line["peer"]] = min(known, found) if known else found
    return times


def quantity(row: Row, value: float) -> str:
    if row.task in UNITS:
        return f"{value:.4g} {UNITS[row.task]}"
    for scale, unit in ((1e9, "ns"), (1e6, "us"), (1e3, "ms")):
        if value * scale < 1000:
            return f"{value * scale:.3g} {unit}"
    return f"{value:.3g} s"


def verdict(ours, best) -> str:
    if ours is None:
        return "loss"
    if best is None:
        return "alone"
    if ours <= AHEAD * best or ours == best == 0:
        return "ahead"
    return "parity" if ours <= BEHIND * best else "loss"


def line(row: Row, times: dict[str, tuple[float, float]]) -> tuple[str, str]:
    ours = times.get("theon")
    peers = {peer: found for peer, found in times.items() if peer != "theon"}
    best = min(peers, key=peers.get) if peers else None
    word = verdict(ours and ours[0], best and peers[best][0])
    cells = [
        row.id,
        quantity(row, ours[0]) if ours else "not run",
        f"{best}: {quantity(row, peers[best][0])}" if best else "",
        f"{ours[0] / peers[best][0]:.2f}" if ours and best and peers[best][0] else "",
        f"{ours[1]:.1e}" if ours else "",
        word if word != "loss" else "**loss**",
    ]
    return word, "| " + " | ".join(cells) + " |"


def versions(path: Path) -> str:
    with path.open(newline="") as lines:
        found = {(line["peer"], line["version"]) for line in csv.DictReader(lines)}
    return ", ".join(f"{peer} {version}" for peer, version in sorted(found))


def processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    return next((l.split(": ")[1] for l in text.splitlines() if l.startswith("model name")), platform.processor())


def main():
    path = Path(sys.argv[1])
    times, count = read_times(path), Counter()
    print("# Theon and its peers\n")
    print("Written by `benchmarks/compare.sh`, never by hand. Times are minima of one call; `rows.md` says what the rows")
    print("compute. Errors are the largest ones, relative to the largest magnitude of a result.\n")
    print(f"* Processor: {processor()}\n* {versions(path)}\n")
    print("| row | Theon | best peer | ratio | error | |\n|---|---|---|---|---|---|")
    for row in read_rows():
        word, text = line(row, times[row.id])
        count[word] += 1
        print(text)
    print()
    for word in ("ahead", "parity", "loss", "alone"):
        print(f"{word} {count[word]}\n")


if __name__ == "__main__":
    main()

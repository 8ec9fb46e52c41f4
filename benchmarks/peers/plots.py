"""Plots of time against size: an SVG for each task, in it a panel for each variant and dtype."""

import math
from collections import defaultdict
from pathlib import Path

from rows import Row, read_rows

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, LEGEND = 260, 200, 50, 24, 28, 110
COLOURS = ("#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#bcbd22", "#17becf", "#ff7f0e", "#393b79", "#637939",
           "#843c39", "#7b4173")
OURS, LIMIT = "theon", "limit"


def write_plots(folder: Path, times: dict[str, dict[str, float]], peers: list[str]) -> list[str]:
    """`times` are seconds, or bytes, by row id and peer, the limit among them. Returns the tasks that have plots."""
    folder.mkdir(exist_ok=True)
    tasks = defaultdict(lambda: defaultdict(list))
    for row in read_rows():
        tasks[row.task][f"{row.variant} {row.dtype}"].append(row)
    plotted = []
    for task, panels in tasks.items():
        several = {title: rows for title, rows in panels.items() if len(rows) > 1 and any(times.get(r.id) for r in rows)}
        if several:
            (folder / f"{task}.svg").write_text(picture(several, times, peers))
            plotted.append(task)
    return plotted


def colour(peer: str, peers: list[str]) -> str:
    return {OURS: "#d62728", LIMIT: "#999999"}.get(peer) or COLOURS[peers.index(peer) % len(COLOURS)]


def picture(panels: dict[str, list[Row]], times: dict, peers: list[str]) -> str:
    columns = min(len(panels), 3)
    lines = -(-len(panels) // columns)
    width, height = columns * WIDTH + LEGEND, max(lines * HEIGHT, 16 * (len(peers) + 2) + TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
             f'font-size="10"><rect width="100%" height="100%" fill="white"/>']
    shown = set()
    for place, (title, rows) in enumerate(panels.items()):
        x, y = place % columns * WIDTH, place // columns * HEIGHT
        curves = curves_of(rows, times)
        shown |= curves.keys()
        parts.append(f'<g transform="translate({x},{y})">{panel(title, curves, peers)}</g>')
    parts.append(legend(columns * WIDTH, [peer for peer in (OURS, LIMIT, *peers) if peer in shown], peers))
    return "\n".join([*parts, "</svg>\n"])


def curves_of(rows: list[Row], times: dict) -> dict[str, list[tuple[float, float]]]:
    """For each peer points of size and time, sizes being numbers of elements."""
    curves = defaultdict(list)
    for row in rows:
        for peer, time in times.get(row.id, {}).items():
            if time > 0:
                curves[peer].append((math.prod(row.extents), time))
    return curves


def scale(values: list[float], low: float, high: float):
    """From numbers to places between low and high, by their logarithms."""
    first, last = math.log10(min(values)), math.log10(max(values))
    return lambda value: low + (high - low) * (math.log10(value) - first) / ((last - first) or 1)


def panel(title: str, curves: dict, peers: list[str]) -> str:
    points = [point for curve in curves.values() for point in curve]
    sizes, times = zip(*points)
    across, up = scale(sizes, LEFT, WIDTH - 12), scale(times, HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="16" font-weight="bold">{title}</text>']
    for size in sorted(set(sizes)):
        parts.append(f'<text x="{across(size):.0f}" y="{HEIGHT - 12}" text-anchor="middle">{size:.3g}</text>')
    for power in range(math.ceil(math.log10(min(times))), math.floor(math.log10(max(times))) + 1):
        y = up(10.0**power)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - 12}" stroke="#dddddd"/>'
                     f'<text x="{LEFT - 4}" y="{y + 3:.1f}" text-anchor="end">1e{power}</text>')
    for peer, curve in sorted(curves.items(), key=lambda item: item[0] == OURS):
        places = " ".join(f"{across(size):.1f},{up(time):.1f}" for size, time in sorted(curve))
        dashes = ' stroke-dasharray="4 3"' if peer == LIMIT else ""
        parts.append(f'<polyline points="{places}" fill="none" stroke="{colour(peer, peers)}" '
                     f'stroke-width="{2.5 if peer == OURS else 1}"{dashes}/>')
    return "".join(parts)


def legend(x: int, shown: list[str], peers: list[str]) -> str:
    return "".join(f'<text x="{x}" y="{TOP + 16 * place}" fill="{colour(peer, peers)}">{peer}</text>'
                   for place, peer in enumerate(shown))

"""The random elementwise graphs of O3 and O4, the same that benchmarks/graphs.cpp makes."""

import numpy as np

from rows import Row

INPUTS, WINDOW, EXTENT = 4, 12, 1000

OPERATIONS = (
    lambda xp, x, y: x + y,
    lambda xp, x, y: x * y,
    lambda xp, x, y: x - y,
    lambda xp, x, y: xp.maximum(x, y),
    lambda xp, x, y: xp.exp(x),
    lambda xp, x, y: xp.log(x),
    lambda xp, x, y: xp.tanh(x),
)


def twister(seed: int):
    """The numbers of std::mt19937."""
    generator = np.random.MT19937()
    generator._legacy_seeding(seed)
    return lambda: int(generator.random_raw())


def recipe(nodes: int) -> list[tuple[int, int, int]]:
    """For each node its operation and two operands, which count from the inputs on."""
    random = twister(1)
    lines = []
    for made in range(INPUTS, INPUTS + nodes):
        operation = random() % len(OPERATIONS)
        x, y = (made - 1 - random() % min(WINDOW, made) for _ in range(2))
        lines.append((operation, x, y))
    return lines


def formula_of(row: Row):
    lines = recipe(*row.extents)

    def formula(xp, *inputs):
        made = list(inputs)
        for operation, x, y in lines:
            made.append(OPERATIONS[operation](xp, made[x], made[y]))
        return sum(made[-WINDOW + 1:], start=made[-WINDOW])

    return formula


def inputs_of(row: Row) -> list[np.ndarray]:
    return list(np.random.default_rng(1).uniform(0.5, 1, (INPUTS, EXTENT)).astype(row.dtype))

"""The row's results by NumPy and by derivatives written by hand, and how far others are from them."""

import numpy as np

from numpy_peer import Numpy
from peer import as_tuple
from rows import Row
from tasks import task_of


def reference(row: Row, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """In float64; elementwise rows and those of two vectors in long double where its functions are there."""
    if row.task.startswith("A") or row.task == "R2":
        try:
            return [result.astype(np.float64) for result in computed(row, inputs, np.longdouble)]
        except TypeError:  # SciPy's erf
            pass
    return computed(row, inputs, np.float64)


def computed(row: Row, inputs: list[np.ndarray], wide: type) -> list[np.ndarray]:
    task = task_of(row)
    widened = [a.astype(wide) if a.dtype == row.dtype else a for a in inputs]
    return [np.array(result) for result in as_tuple(task.numeric(Numpy(), *widened))]


def max_error(results: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """Of all results, relative to the largest magnitude in each."""
    if len(results) != len(expected):
        raise ValueError(f"{len(results)} results where the reference has {len(expected)}")
    return max(relative_error(result, wanted) for result, wanted in zip(results, expected))


def relative_error(result: np.ndarray, wanted: np.ndarray) -> float:
    if result.shape != wanted.shape:
        raise ValueError(f"a result of shape {result.shape} where the reference has {wanted.shape}")
    return float(np.max(np.abs(result - wanted)) / (np.max(np.abs(wanted)) or 1))

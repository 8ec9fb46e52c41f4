"""The row's results in float64, by NumPy and by derivatives written by hand, and how far others are from them."""

import numpy as np

from numpy_peer import Numpy
from peer import as_tuple
from tasks import Task


def reference(task: Task, inputs: list[np.ndarray], dtype: str) -> list[np.ndarray]:
    wide = [a.astype(np.float64) if a.dtype == dtype else a for a in inputs]
    return [np.array(result) for result in as_tuple(task.numeric(Numpy(), *wide))]


def max_error(results: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """Of all results, relative to the largest magnitude in each."""
    if len(results) != len(expected):
        raise ValueError(f"{len(results)} results where the reference has {len(expected)}")
    return max(relative_error(result, wanted) for result, wanted in zip(results, expected))


def relative_error(result: np.ndarray, wanted: np.ndarray) -> float:
    if result.shape != wanted.shape:
        raise ValueError(f"a result of shape {result.shape} where the reference has {wanted.shape}")
    return float(np.max(np.abs(result - wanted)) / (np.max(np.abs(wanted)) or 1))

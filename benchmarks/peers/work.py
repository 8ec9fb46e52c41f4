"""What each row has to do at least, as rows.md says: floating-point operations, and bytes to and from memory."""

from dataclasses import dataclass

import numpy as np

from rows import Row


@dataclass(frozen=True)
class Work:
    flops: float
    bytes: float
    reads: bool = False  # nearly all bytes are read


def vectors(flops, arrays):
    """For each element of vectors."""
    return lambda s, n: (flops * n, arrays * n * s)


def matrices(flops, arrays):
    """For each element of rows x columns."""
    return lambda s, r, c: (flops * r * c, arrays * r * c * s)


def reduced(flops, kept):
    """Matrices that are read once, `kept` elements being written."""
    return lambda s, r, c: (flops * r * c, (r * c + kept(r, c)) * s)


def rows_kept(r, c):
    return r


def columns_kept(r, c):
    return c


def product(per_result=0, results=1):
    """m x k times k x n, with so many operations for each result, of which there are so many arrays."""
    return lambda s, m, k, n: (2 * m * k * n + per_result * m * n, (m * k + k * n + results * m * n) * s)


def network(s, b):
    return b * (4 * 392000 + 6 * 5000), (784 * b + 2 * 397000) * s


WORK = {
    "A1.forward": vectors(3, 3), "A1.gradient": vectors(2, 4), "A1.inplace": vectors(3, 3),
    "A2.forward": vectors(3, 3), "A3.forward": vectors(1, 2), "A4.forward": vectors(6, 3),
    "A5.forward": vectors(45, 2), "A5.gradient": vectors(52, 2), "A5.inplace": vectors(45, 2),
    "A6.price": vectors(110, 5), "A6.greeks": vectors(170, 9),
    "A7.waves": vectors(45, 3), "A7.polynomial": vectors(38, 2), "A7.select": vectors(8, 3), "A7.casts": vectors(6, 2),
    "A9.outer": lambda s, n: (n * n, n * n * s), "A9.transpose": lambda s, n: (n * n, 3 * n * n * s),
    "A9.strided": vectors(0.5, 2.5),
    "A10.chain5": vectors(5, 2), "A10.chain20": vectors(20, 2), "A10.chain100": vectors(100, 2),
    "R1.sum_all": reduced(1, lambda r, c: 1),
    "R1.sum_rows": reduced(1, rows_kept), "R1.mean_rows": reduced(1, rows_kept), "R1.max_rows": reduced(1, rows_kept),
    "R1.argmax_rows": reduced(1, rows_kept), "R1.sum_columns": reduced(1, columns_kept),
    "R1.max_columns": reduced(1, columns_kept), "R1.argmax_columns": reduced(1, columns_kept),
    **{f"R1.sum_axis{axis}": lambda s, n, *_: (n**3, (n**3 + n**2) * s) for axis in range(3)},
    "R2.distance": vectors(3, 2), "R2.dot": vectors(2, 2), "R2.variance": vectors(7, 2),
    "R3.logsumexp": reduced(23, rows_kept), "R3.softmax": matrices(24, 2), "R3.log_softmax": matrices(24, 2),
    "R3.crossentropy": matrices(25, 2),
    "R4.layernorm": matrices(8, 2), "R4.layernorm_grad": matrices(15, 3), "R4.rmsnorm": matrices(5, 2),
    "R4.rmsnorm_grad": matrices(10, 3),
    "R6.sigmoid_gemv": lambda s, m, k: (2 * m * k + 22 * m, m * k * s),
    "R6.sigmoid_gemm": lambda s, m, k, n: (2 * m * k * n + 22 * m * n, (m * k + k * n) * s),
    **{f"L1.{form}": product() for form in ("nn", "nt", "tn", "tt")}, "L2.nn": product(), "L2.tn": product(),
    "L3.bias_relu": product(2), "L3.bias_tanh": product(22), "L3.bias_gelu": product(25),
    "L3.backward_tanh": product(3, results=2), "L3.update": product(1, results=2),
    "L4.gemv": lambda s, n: (2 * n * n, n * n * s), "L4.gemv_t": lambda s, n: (2 * n * n, n * n * s),
    "L4.outer": lambda s, n: (2 * n * n, 2 * n * n * s),
    "L5.batched": lambda s, c, n: (2 * c * n**3, 3 * c * n * n * s),
    "L5.strided": lambda s, c, n: (2 * c * n**3, 5 * c * n * n * s),
    "L6.chain": lambda s, m, k, n, l: (2 * l * (k * n + m * k), (m * k + k * n + n * l + m * l) * s),
    "L6.gram": lambda s, m, k: (m * k * (k + 1), (m * k + k * k) * s),
    "L6.transposed": lambda s, n: (2 * n**3, 3 * n * n * s),
    "L6.shifted_gram": lambda s, m, k: (k * m * (m + 1), (m * k + m * m) * s),
    "T1.regression": lambda s, b: (4 * b * 7840, (784 * b + 2 * 7840) * s),
    "T1b.binary": lambda s, b: (4 * b * 784, 784 * b * s),
    "T2.network": network,
    "T8.sgd": vectors(2, 3), "T8.momentum": vectors(4, 5), "T8.adam": vectors(13, 7),
    "S3.forces": lambda s, n: (20 * n * n, 7 * n * s),
    "S4.heat": lambda s, n: (6000 * (n - 2) ** 2, 16 * n * n),
    "S6.kalman": lambda s, d: (400 * 1000, 16 * 1000),
    # Bytes that a call must hold.
    "M1.chain100": lambda s, n: (0, 2 * n * s), "M2.network": lambda s, b: (0, (397510 + 1284 * b) * s),
    "M4.crossentropy": lambda s, r, c: (0, 2 * r * c * s), "M6.steady_calls": lambda s, calls: (0, 0),
}
READING = ("R1.", "R2.", "R3.logsumexp", "R6.", "L4.gemv", "T1b.")


def work_of(row: Row) -> Work | None:
    """None for rows without a limit of their own."""
    key = f"{row.task}.{row.variant}"
    if key not in WORK:
        return None
    extents = row.extents
    if row.task in ("L1", "L3") and len(extents) == 1:
        extents *= 3
    return Work(*WORK[key](np.dtype(row.dtype).itemsize, *extents), key.startswith(READING))

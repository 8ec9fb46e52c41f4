"""numexpr, with results written into memory kept from call to call."""

import numexpr
import numpy as np

from formulas import chain_text
from peer import THREADS, Peer, Unsupported

numexpr.set_num_threads(THREADS)

EXPRESSIONS = {
    ("A1", "forward"): "a * a + b * b + 2 * a * b",
    ("A1", "inplace"): "a * a + b * b + 2 * a * b",
    ("A2", "forward"): "2 * a + 3 * b",
    ("A3", "forward"): "a + 1",
    ("A4", "forward"): "2 * a + b**10",
    ("A5", "forward"): "tanh(a) * (1 / (1 + exp(-a))) + exp(-a * a)",
    ("A5", "inplace"): "tanh(a) * (1 / (1 + exp(-a))) + exp(-a * a)",
    ("A7", "waves"): "sin(a)**2 + cos(b)**2 + a * b",
    ("A7", "select"): "where(a > b, where(a < -half, -half, where(a > half, half, a)), where(b < 0, a * b, a - b))",
    ("A9", "outer"): "a + b",
    ("A9", "transpose"): "a + b",
    ("A9", "strided"): "a * b",
    ("R1", "sum_all"): "sum(a)",
    ("R2", "distance"): "sum((a - b)**2)",
    ("R2", "dot"): "sum(a * b)",
    ("O1", "raw"): "a + 1",
    ("O6", "other_size"): "a + 1",
}
VIEWS = {
    ("A9", "outer"): lambda a, b: (a[:, None], b[None, :]),
    ("A9", "transpose"): lambda a, b: (a.T, b),
    ("A9", "strided"): lambda a, b: (a[::2], b[1::2]),
}


def polynomial() -> str:
    text = "c19"
    for i in range(18, -1, -1):
        text = f"({text} * a + c{i})"
    return text


EXPRESSIONS["A7", "polynomial"] = polynomial()
EXPRESSIONS |= {("A10", f"chain{length}"): chain_text(length, "scale") for length in (5, 20, 100)}
EXPRESSIONS["M1", "chain100"] = chain_text(100, "scale")


def constants(dtype: str) -> dict:
    """Numbers in the row's dtype: numexpr's own are float64 unless they are whole."""
    values = {f"c{i}": 1 / (i + 1) for i in range(20)} | {"half": 0.5, "scale": 0.625}
    return {name: np.array(value, dtype) for name, value in values.items()}


class NumexprPeer(Peer):
    package = "numexpr"

    def compile(self, row, task, arrays):
        if row.key not in EXPRESSIONS:
            raise Unsupported
        return EXPRESSIONS[row.key], VIEWS.get(row.key, lambda *inputs: inputs), constants(row.dtype)

    def bind(self, function, task, arrays):
        text, views, named = function
        local = dict(zip("ab", views(*arrays))) | named
        out = arrays[0] if task.state else None
        if out is None and not text.startswith("sum"):
            out = np.empty_like(numexpr.evaluate(text, local))
        numexpr.validate(text, local, out=out)
        return lambda: numexpr.re_evaluate(local)

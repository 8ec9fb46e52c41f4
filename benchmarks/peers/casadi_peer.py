"""CasADi: scalar graphs, printed as C and compiled by gcc, called on buffers."""

import subprocess
import tempfile
from pathlib import Path

import casadi as ca
import numpy as np

import formulas
from peer import Peer, Unsupported

FLAGS = ("-O3", "-march=native", "-ffast-math", "-fPIC", "-shared")


class CasadiPeer(Peer):
    package = "casadi"

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.made = 0

    def build(self, function):
        """The function compiled from its C code."""
        self.made += 1
        folder = Path(self.folder.name) / str(self.made)
        folder.mkdir()
        code = ca.CodeGenerator("code.c")
        code.add(function)
        source, library = code.generate(f"{folder}/"), folder / "code.so"
        subprocess.run(["gcc", *FLAGS, source, "-o", str(library), "-lm"], check=True)
        return ca.external(function.name(), str(library))

    def compile(self, row, task, arrays):
        if row.key not in FUNCTIONS or row.dtype != "float64":
            raise Unsupported
        return self.build(FUNCTIONS[row.key](arrays))

    def place(self, array):
        """CasADi's matrices lie column by column."""
        return np.atleast_1d(array.flatten(order="F"))

    def bind(self, function, task, arrays):
        results = [np.zeros(vector_shape(function.sparsity_out(i))) for i in range(function.n_out())]
        buffer, evaluate = function.buffer()
        for i, array in enumerate(arrays):
            buffer.set_arg(i, memoryview(array))
        for i, result in enumerate(results):
            buffer.set_res(i, memoryview(result))

        def call():
            evaluate()
            return results

        call.kept = buffer, arrays  # CasADi keeps their addresses only.
        return call


def vector_shape(sparsity):
    return () if sparsity.is_scalar() else sparsity.numel()


class Casadi:
    """The elementwise functions the formulas ask for."""

    exp, log, sqrt, tanh, erf = (staticmethod(f) for f in (ca.exp, ca.log, ca.sqrt, ca.tanh, ca.erf))
    sum = staticmethod(lambda x: x)
    full_like = staticmethod(lambda x, value: ca.SX(value))

    def sigmoid(self, x):
        return 1 / (1 + ca.exp(-x))


def mapped(formula, count, wrt=()):
    """A formula of numbers on each element of vectors; with its derivatives where asked."""

    def function(arrays):
        symbols = [ca.SX.sym(f"x{i}") for i in range(count)]
        value = formula(Casadi(), *symbols)
        results = [ca.gradient(value, symbols[i]) for i in wrt] or (value if isinstance(value, tuple) else (value,))
        return rows_of(ca.Function("element", symbols, list(results)).map(arrays[0].size))

    return function


def rows_of(function):
    """The mapped function under the name that the library exports."""
    symbols = [ca.MX.sym(f"x{i}", *function.size_in(i)) for i in range(function.n_in())]
    return ca.Function("row", symbols, function.call(symbols))


def greeks(arrays):
    spot, strike, years, volatility = (ca.SX.sym(name) for name in ("spot", "strike", "years", "volatility"))
    call = formulas.call_price(Casadi(), spot, strike, years, volatility)
    delta, slope, vega = (ca.gradient(call, x) for x in (spot, years, volatility))
    slopes = ca.substitute([delta, ca.gradient(delta, spot), vega, -slope], [volatility], [ca.SX(formulas.VOLATILITY)])
    results = [*formulas.call_and_put(Casadi(), spot, strike, years), *slopes]
    return rows_of(ca.Function("element", [spot, strike, years], results).map(arrays[0].size))


def kalman(arrays):
    z = ca.SX.sym("z", 2)
    transition, noise = ca.SX.sym("transition", 4, 4), ca.SX.sym("noise", 4, 4)
    x, p, loglik = ca.SX.sym("x", 4), ca.SX.sym("p", 4, 4), ca.SX.sym("loglik")
    step = ca.Function("step", [ca.vertcat(x, ca.vec(p), loglik), z, transition, noise],
                       [ca.vertcat(*kalman_step(transition, noise, x, p, loglik, z))])
    count = arrays[0].size // 2
    inputs = [ca.MX.sym(name, *shape) for name, shape in (
        ("z", (count, 2)), ("transition", (4, 4)), ("noise", (4, 4)), ("x", (4, 1)), ("p", (4, 4)), ("loglik", (1, 1)))]
    z, transition, noise, x, p, loglik = inputs
    constants = (ca.repmat(matrix, 1, count) for matrix in (transition, noise))
    states = step.fold(count)(ca.vertcat(x, ca.vec(p), loglik), z.T, *constants)
    return ca.Function("row", inputs, [states[-1]])


def kalman_step(transition, noise, x, p, loglik, z):
    x, p = transition @ x, transition @ p @ transition.T + noise
    innovation = z - x[:2]
    covariance = p[:2, :2] + formulas.OBSERVATION_NOISE * ca.SX.eye(2)
    inverse, determinant = ca.inv(covariance), ca.det(covariance)
    gain = p[:, :2] @ inverse
    distance = innovation.T @ inverse @ innovation
    loglik = loglik - 0.5 * (ca.log(determinant) + distance + 2 * formulas.LOG_TWO_PI)
    return x + gain @ innovation, ca.vec(p - gain @ p[:2, :]), loglik


FUNCTIONS = {
    ("A1", "forward"): mapped(formulas.square_of_sum, 2),
    ("A1", "gradient"): mapped(formulas.square_of_sum, 2, (0, 1)),
    ("A5", "forward"): mapped(formulas.gated_bell, 1),
    ("A5", "gradient"): mapped(formulas.gated_bell, 1, (0,)),
    ("A6", "price"): mapped(formulas.call_and_put, 3),
    ("A6", "greeks"): greeks,
    ("O1", "raw"): mapped(formulas.increment, 1),
    ("S6", "kalman"): kalman,
}

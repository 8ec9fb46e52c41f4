"""Numba: the loops one would write by hand, with fastmath, and parallel where there are threads for it."""

import math
from types import FunctionType

import numba
import numpy as np
from numba import prange

from formulas import (DIFFUSION, HEAT_STEPS, INTEREST, LOG_TWO_PI, OBSERVATION_NOISE, RATE, SOFTENING, VOLATILITY,
                      chain_text)
from peer import THREADS, Peer, Unsupported

PARALLEL = THREADS > 1


def compiled(function, real):
    """The function with its numbers in the row's dtype: Python's are float64 to Numba, and what they meet becomes so."""
    code = function.__code__
    constants = tuple(real(c) if isinstance(c, float) else c for c in code.co_consts)
    used = {name: specialised(value, real) for name, value in function.__globals__.items() if name in code.co_names}
    own = FunctionType(code.replace(co_consts=constants), used | {"real": real}, function.__name__)
    return numba.njit(own, fastmath=True, parallel=PARALLEL and "prange" in code.co_names)


def specialised(value, real):
    if isinstance(value, float):
        return real(value)
    return compiled(value, real) if isinstance(value, FunctionType) else value


def elementwise(element, real):
    """element(numbers...) as a loop over vectors, the results' memory given last."""
    over = {1: unary, 2: binary, 3: ternary}[element.__code__.co_argcount]
    return numba.njit(over(compiled(element, real)), fastmath=True, parallel=PARALLEL)


def unary(element):
    def into(x, out):
        for i in prange(x.size):
            out[i] = element(x[i])

    return into


def binary(element):
    def into(x, y, out):
        for i in prange(x.size):
            out[i] = element(x[i], y[i])

    return into


def ternary(element):
    """For two results."""

    def into(x, y, z, first, second):
        for i in prange(x.size):
            first[i], second[i] = element(x[i], y[i], z[i])

    return into


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


def normal_cdf(x):
    return 0.5 + 0.5 * math.erf(x * math.sqrt(0.5))


def square_of_sum(a, b):
    return a * a + b * b + 2.0 * a * b


def gated_bell(x):
    return math.tanh(x) * sigmoid(x) + math.exp(-x * x)


def gated_bell_slope(x):
    t, s = math.tanh(x), sigmoid(x)
    return (1.0 - t * t) * s + t * s * (1.0 - s) - 2.0 * x * math.exp(-x * x)


def call_and_put(spot, strike, years):
    spread = VOLATILITY * math.sqrt(years)
    d1 = (math.log(spot / strike) + (INTEREST + 0.5 * VOLATILITY**2) * years) / spread
    discounted = strike * math.exp(-INTEREST * years)
    call = spot * normal_cdf(d1) - discounted * normal_cdf(d1 - spread)
    return call, call - spot + discounted


def select(a, b):
    if a > b:
        return min(max(a, -0.5), 0.5)
    return a * b if b < 0 else a - b


def polynomial():
    text = repr(1 / 20)
    for i in range(19, 0, -1):
        text = f"({text} * a + {1 / i!r})"
    return eval("lambda a: " + text)


def chain(length):
    return eval("lambda a: " + chain_text(length))


def distance(a, b):
    total = real(0)
    for i in prange(a.size):
        total += (a[i] - b[i]) ** 2
    return total


def dot(a, b):
    total = real(0)
    for i in prange(a.size):
        total += a[i] * b[i]
    return total


def weighted_variance(x, w):
    total = weighted = real(0)
    for i in prange(x.size):
        total += w[i]
        weighted += w[i] * x[i]
    mean = weighted / total
    spread = real(0)
    for i in prange(x.size):
        spread += w[i] * (x[i] - mean) ** 2
    return spread / total


def sum_rows(x, out):
    for i in prange(x.shape[0]):
        total = real(0)
        for j in range(x.shape[1]):
            total += x[i, j]
        out[i] = total


def max_rows(x, out):
    for i in prange(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        out[i] = largest


def max_and_sum_of_powers(row):
    largest = row[0]
    for j in range(row.size):
        largest = max(largest, row[j])
    total = real(0)
    for j in range(row.size):
        total += math.exp(row[j] - largest)
    return largest, total


def logsumexp(x, out):
    for i in prange(x.shape[0]):
        largest, total = max_and_sum_of_powers(x[i])
        out[i] = largest + math.log(total)


def softmax(x, out):
    for i in prange(x.shape[0]):
        row, powers = x[i], out[i]
        largest = row[0]
        for j in range(row.size):
            largest = max(largest, row[j])
        total = real(0)
        for j in range(row.size):
            powers[j] = math.exp(row[j] - largest)
            total += powers[j]
        for j in range(row.size):
            powers[j] *= 1.0 / total


def log_softmax(x, out):
    for i in prange(x.shape[0]):
        largest, total = max_and_sum_of_powers(x[i])
        shift = largest + math.log(total)
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] - shift


def layernorm(x, gain, bias, out):
    for i in prange(x.shape[0]):
        row = x[i]
        total = squares = real(0)
        for j in range(row.size):
            total += row[j]
        mean = total / real(row.size)
        for j in range(row.size):
            squares += (row[j] - mean) ** 2
        scale = 1.0 / math.sqrt(squares / real(row.size) + 1e-5)
        for j in range(row.size):
            out[i, j] = (row[j] - mean) * scale * gain[j] + bias[j]


def rmsnorm(x, gain, out):
    for i in prange(x.shape[0]):
        row = x[i]
        squares = real(0)
        for j in range(row.size):
            squares += row[j] ** 2
        scale = 1.0 / math.sqrt(squares / real(row.size) + 1e-5)
        for j in range(row.size):
            out[i, j] = row[j] * scale * gain[j]


def forces(x, y, z, mass, fx, fy, fz):
    for i in prange(x.size):
        sx = sy = sz = real(0)
        for j in range(x.size):
            dx, dy, dz = x[j] - x[i], y[j] - y[i], z[j] - z[i]
            inverse = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz + SOFTENING)
            weight = mass[j] * inverse * inverse * inverse
            sx += weight * dx
            sy += weight * dy
            sz += weight * dz
        fx[i], fy[i], fz[i] = mass[i] * sx, mass[i] * sy, mass[i] * sz


def heat(u, out):
    spare = u.copy()
    out[:] = u
    for _ in range(HEAT_STEPS // 2):
        heat_step(out, spare)
        heat_step(spare, out)


def heat_step(u, out):
    for i in prange(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            neighbours = u[i, j - 1] + u[i, j + 1] + u[i - 1, j] + u[i + 1, j]
            out[i, j] = u[i, j] + DIFFUSION * (neighbours - 4 * u[i, j])


def multiply_4x4(a, b, out):
    for i in range(4):
        for j in range(4):
            total = 0.0
            for k in range(4):
                total += a[i, k] * b[k, j]
            out[i, j] = total


def kalman(observations, transition, process_noise, x0, p0, loglik):
    transposed = transition.T.copy()
    x, p, predicted, half = x0.copy(), p0.copy(), np.empty(4), np.empty((4, 4))
    gain = np.empty((4, 2))
    total = loglik[()]
    for t in range(observations.shape[0]):
        for i in range(4):
            predicted[i] = 0.0
            for j in range(4):
                predicted[i] += transition[i, j] * x[j]
        multiply_4x4(transition, p, half)
        multiply_4x4(half, transposed, p)
        p += process_noise
        a, b, c = p[0, 0] + OBSERVATION_NOISE, p[0, 1], p[1, 1] + OBSERVATION_NOISE
        determinant = a * c - b * b
        y0, y1 = observations[t, 0] - predicted[0], observations[t, 1] - predicted[1]
        for i in range(4):
            gain[i, 0] = (p[i, 0] * c - p[i, 1] * b) / determinant
            gain[i, 1] = (p[i, 1] * a - p[i, 0] * b) / determinant
        half[:2] = p[:2]
        for i in range(4):
            x[i] = predicted[i] + gain[i, 0] * y0 + gain[i, 1] * y1
            for j in range(4):
                p[i, j] -= gain[i, 0] * half[0, j] + gain[i, 1] * half[1, j]
        distance = (c * y0 * y0 - 2 * b * y0 * y1 + a * y1 * y1) / determinant
        total -= 0.5 * (math.log(determinant) + distance + 2 * LOG_TWO_PI)
    return total


def sgd(g, p):
    for i in prange(p.size):
        p[i] -= RATE * g[i]


def momentum(g, p, v):
    for i in prange(p.size):
        v[i] = 0.9 * v[i] + g[i]
        p[i] -= RATE * v[i]


def adam(g, p, m, v):
    for i in prange(p.size):
        m[i] = 0.9 * m[i] + 0.1 * g[i]
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i]
        p[i] -= RATE * (m[i] / 0.1) / (math.sqrt(v[i] / 0.001) + 1e-8)


# Formulas of numbers.
ELEMENTS = {
    ("A1", "forward"): square_of_sum,
    ("A1", "inplace"): square_of_sum,
    ("A2", "forward"): lambda a, b: 2.0 * a + 3.0 * b,
    ("A3", "forward"): lambda a: a + 1.0,
    ("A4", "forward"): lambda a, b: 2.0 * a + b**10,
    ("A5", "forward"): gated_bell,
    ("A5", "inplace"): gated_bell,
    ("A5", "gradient"): gated_bell_slope,
    ("A6", "price"): call_and_put,
    ("A7", "waves"): lambda a, b: math.sin(a) ** 2 + math.cos(b) ** 2 + a * b,
    ("A7", "polynomial"): polynomial(),
    ("A7", "select"): select,
    ("A10", "chain5"): chain(5),
    ("A10", "chain20"): chain(20),
    ("A10", "chain100"): chain(100),
    ("M1", "chain100"): chain(100),
    ("O1", "raw"): lambda a: a + 1.0,
    ("O6", "other_size"): lambda a: a + 1.0,
}

# Loops: functions of the inputs, then of the results, which are shaped like `results(inputs)`.


def first_column(x, *others):
    return (x[:, 0],)


def like_first(x, *others):
    return (x,)


LOOPS = {
    ("R1", "sum_rows"): (sum_rows, first_column),
    ("R1", "max_rows"): (max_rows, first_column),
    ("R3", "logsumexp"): (logsumexp, first_column),
    ("R3", "softmax"): (softmax, like_first),
    ("R3", "log_softmax"): (log_softmax, like_first),
    ("R4", "layernorm"): (layernorm, like_first),
    ("R4", "rmsnorm"): (rmsnorm, like_first),
    ("S3", "forces"): (forces, lambda x, y, z, mass: (x, y, z)),
    ("S4", "heat"): (heat, like_first),
}
VALUES = {
    ("R2", "distance"): distance,
    ("R2", "dot"): dot,
    ("R2", "variance"): weighted_variance,
    ("S6", "kalman"): kalman,
}
UPDATES = {("T8", "sgd"): sgd, ("T8", "momentum"): momentum, ("T8", "adam"): adam}


class NumbaPeer(Peer):
    package = "numba"

    def compile(self, row, task, arrays):
        """Makes, of a row's inputs, a call on them and on memory for results that is kept from call to call."""
        real = np.dtype(row.dtype).type
        if row.key in ELEMENTS:
            results = 2 if row.key == ("A6", "price") else 1
            return writing(elementwise(ELEMENTS[row.key], real), task, lambda inputs: inputs[:1] * results)
        if row.key in LOOPS:
            function, shapes = LOOPS[row.key]
            return writing(compiled(function, real), task, lambda inputs: shapes(*inputs))
        if row.key in VALUES:
            value = compiled(VALUES[row.key], real)
            return lambda inputs: lambda: value(*inputs)
        if row.key in UPDATES:
            return updating(compiled(UPDATES[row.key], real), task)
        raise Unsupported

    def bind(self, function, task, arrays):
        return function(arrays)


def writing(function, task, shapes):
    """Calls function(inputs..., results...); the results are the inputs that the row updates, if any."""

    def bound(inputs):
        results = [inputs[i] for i in task.state] or [np.empty_like(a) for a in shapes(inputs)]

        def call():
            function(*inputs, *results)
            return results

        return call

    return bound


def updating(function, task):
    def bound(inputs):
        def call():
            function(*inputs)
            return [inputs[i] for i in task.state]

        return call

    return bound

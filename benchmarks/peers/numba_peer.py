"""Numba: the loops one would write by hand, with fastmath, and parallel where there are threads for it."""

import math
import os

import numba
import numpy as np
from numba import prange

from formulas import DIFFUSION, HEAT_STEPS, INTEREST, LOG_TWO_PI, OBSERVATION_NOISE, RATE, SOFTENING, VOLATILITY
from peer import Peer, Unsupported, as_tuple

PARALLEL = int(os.environ.get("NUMBA_NUM_THREADS", "1")) > 1

scalar = numba.njit(fastmath=True)
loop = numba.njit(fastmath=True, parallel=PARALLEL)


def elementwise(element):
    """element(numbers...) as a loop over vectors into memory kept from call to call."""
    element = scalar(element)
    return {1: unary, 2: binary, 3: ternary}[element.py_func.__code__.co_argcount](element)


def unary(element):
    @loop
    def into(x, out):
        for i in prange(x.size):
            out[i] = element(x[i])

    return into


def binary(element):
    @loop
    def into(x, y, out):
        for i in prange(x.size):
            out[i] = element(x[i], y[i])

    return into


def ternary(element):
    """For two results."""

    @loop
    def into(x, y, z, first, second):
        for i in prange(x.size):
            first[i], second[i] = element(x[i], y[i], z[i])

    return into


@scalar
def sigmoid(x):
    return 1 / (1 + math.exp(-x))


@scalar
def normal_cdf(x):
    return 0.5 + 0.5 * math.erf(x * math.sqrt(0.5))


def square_of_sum(a, b):
    return a * a + b * b + 2 * a * b


def gated_bell(x):
    return math.tanh(x) * sigmoid(x) + math.exp(-x * x)


def gated_bell_slope(x):
    t, s = math.tanh(x), sigmoid(x)
    return (1 - t * t) * s + t * s * (1 - s) - 2 * x * math.exp(-x * x)


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


def polynomial(x):
    y = 1 / 20
    for i in range(19, 0, -1):
        y = y * x + 1 / i
    return y


def chain(length):
    def element(x):
        y = x
        for i in range(length):
            if i % 4 == 0:
                y = y + x
            elif i % 4 == 1:
                y = y * 0.625
            elif i % 4 == 2:
                y = max(y, 0.25)
            else:
                y = x - y
        return y

    return element


@loop
def distance(a, b):
    total = a[0] - a[0]
    for i in prange(a.size):
        total += (a[i] - b[i]) ** 2
    return total


@loop
def dot(a, b):
    total = a[0] - a[0]
    for i in prange(a.size):
        total += a[i] * b[i]
    return total


@loop
def weighted_variance(x, w):
    total = weighted = x[0] - x[0]
    for i in prange(x.size):
        total += w[i]
        weighted += w[i] * x[i]
    mean = weighted / total
    spread = x[0] - x[0]
    for i in prange(x.size):
        spread += w[i] * (x[i] - mean) ** 2
    return spread / total


@loop
def sum_rows(x, out):
    for i in prange(x.shape[0]):
        total = x[i, 0] - x[i, 0]
        for j in range(x.shape[1]):
            total += x[i, j]
        out[i] = total


@loop
def max_rows(x, out):
    for i in prange(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        out[i] = largest


@scalar
def max_and_sum_of_powers(row):
    largest = row[0]
    for j in range(row.size):
        largest = max(largest, row[j])
    total = largest - largest
    for j in range(row.size):
        total += math.exp(row[j] - largest)
    return largest, total


@loop
def logsumexp(x, out):
    for i in prange(x.shape[0]):
        largest, total = max_and_sum_of_powers(x[i])
        out[i] = largest + math.log(total)


@loop
def softmax(x, out):
    for i in prange(x.shape[0]):
        row, powers = x[i], out[i]
        largest = row[0]
        for j in range(row.size):
            largest = max(largest, row[j])
        total = largest - largest
        for j in range(row.size):
            powers[j] = math.exp(row[j] - largest)
            total += powers[j]
        for j in range(row.size):
            powers[j] *= 1 / total


@loop
def log_softmax(x, out):
    for i in prange(x.shape[0]):
        largest, total = max_and_sum_of_powers(x[i])
        shift = largest + math.log(total)
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] - shift


@loop
def layernorm(x, gain, bias, out):
    for i in prange(x.shape[0]):
        row = x[i]
        total = squares = row[0] - row[0]
        for j in range(row.size):
            total += row[j]
        mean = total / row.size
        for j in range(row.size):
            squares += (row[j] - mean) ** 2
        scale = 1 / math.sqrt(squares / row.size + 1e-5)
        for j in range(row.size):
            out[i, j] = (row[j] - mean) * scale * gain[j] + bias[j]


@loop
def rmsnorm(x, gain, out):
    for i in prange(x.shape[0]):
        row = x[i]
        squares = row[0] - row[0]
        for j in range(row.size):
            squares += row[j] ** 2
        scale = 1 / math.sqrt(squares / row.size + 1e-5)
        for j in range(row.size):
            out[i, j] = row[j] * scale * gain[j]


@loop
def forces(x, y, z, mass, fx, fy, fz):
    softening = x.dtype.type(SOFTENING)
    one = x.dtype.type(1)
    for i in prange(x.size):
        sx = sy = sz = x[i] - x[i]
        for j in range(x.size):
            dx, dy, dz = x[j] - x[i], y[j] - y[i], z[j] - z[i]
            inverse = one / math.sqrt(dx * dx + dy * dy + dz * dz + softening)
            weight = mass[j] * inverse * inverse * inverse
            sx += weight * dx
            sy += weight * dy
            sz += weight * dz
        fx[i], fy[i], fz[i] = mass[i] * sx, mass[i] * sy, mass[i] * sz


@loop
def heat(u, out, spare):
    out[:] = u
    spare[:] = u
    for _ in range(HEAT_STEPS // 2):
        heat_step(out, spare)
        heat_step(spare, out)


@loop
def heat_step(u, out):
    for i in prange(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            neighbours = u[i, j - 1] + u[i, j + 1] + u[i - 1, j] + u[i + 1, j]
            out[i, j] = u[i, j] + DIFFUSION * (neighbours - 4 * u[i, j])


@scalar
def multiply_4x4(a, b, out):
    for i in range(4):
        for j in range(4):
            total = 0.0
            for k in range(4):
                total += a[i, k] * b[k, j]
            out[i, j] = total


@scalar
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


@loop
def sgd(g, p):
    for i in prange(p.size):
        p[i] -= RATE * g[i]


@loop
def momentum(g, p, v):
    for i in prange(p.size):
        v[i] = 0.9 * v[i] + g[i]
        p[i] -= RATE * v[i]


@loop
def adam(g, p, m, v):
    for i in prange(p.size):
        m[i] = 0.9 * m[i] + 0.1 * g[i]
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i]
        p[i] -= RATE * (m[i] / 0.1) / (math.sqrt(v[i] / 0.001) + 1e-8)


# Formulas of numbers.
ELEMENTS = {
    ("A1", "forward"): square_of_sum,
    ("A1", "inplace"): square_of_sum,
    ("A2", "forward"): lambda a, b: 2 * a + 3 * b,
    ("A3", "forward"): lambda a: a + 1,
    ("A4", "forward"): lambda a, b: 2 * a + b**10,
    ("A5", "forward"): gated_bell,
    ("A5", "inplace"): gated_bell,
    ("A5", "gradient"): gated_bell_slope,
    ("A6", "price"): call_and_put,
    ("A7", "waves"): lambda a, b: math.sin(a) ** 2 + math.cos(b) ** 2 + a * b,
    ("A7", "polynomial"): polynomial,
    ("A7", "select"): select,
    ("A10", "chain5"): chain(5),
    ("A10", "chain20"): chain(20),
    ("A10", "chain100"): chain(100),
    ("M1", "chain100"): chain(100),
    ("O1", "checked"): lambda a: a + 1,
}

# Loops: functions of the inputs, then of the results, which are shaped like `results(inputs)`.
FIRST_COLUMN = lambda x, *others: (x[:, 0],)
LIKE_FIRST = lambda x, *others: (x,)
LOOPS = {
    ("R1", "sum_rows"): (sum_rows, FIRST_COLUMN),
    ("R1", "max_rows"): (max_rows, FIRST_COLUMN),
    ("R3", "logsumexp"): (logsumexp, FIRST_COLUMN),
    ("R3", "softmax"): (softmax, LIKE_FIRST),
    ("R3", "log_softmax"): (log_softmax, LIKE_FIRST),
    ("R4", "layernorm"): (layernorm, LIKE_FIRST),
    ("R4", "rmsnorm"): (rmsnorm, LIKE_FIRST),
    ("S3", "forces"): (forces, lambda x, y, z, mass: (x, y, z)),
    ("S4", "heat"): (heat, lambda u: (u, u)),
}
VALUES = {
    ("R2", "distance"): distance,
    ("R2", "dot"): dot,
    ("R2", "variance"): weighted_variance,
    ("S6", "kalman"): kalman,
}
UPDATES = {("T8", "sgd"): sgd, ("T8", "momentum"): momentum, ("T8", "adam"): adam}


def element_results(row, arrays):
    return [np.empty_like(arrays[0]) for _ in range(2 if row.key == ("A6", "price") else 1)]


class NumbaPeer(Peer):
    package = "numba"

    def compile(self, row, task, arrays):
        """A call on arrays: makes the results' memory once."""
        if row.key in ELEMENTS:
            return self.writing(elementwise(ELEMENTS[row.key]), lambda inputs: element_results(row, inputs), task)
        if row.key in LOOPS:
            function, shapes = LOOPS[row.key]
            return self.writing(function, lambda inputs: [np.empty_like(a) for a in shapes(*inputs)], task)
        if row.key in VALUES:
            return lambda inputs: lambda: VALUES[row.key](*inputs)
        if row.key in UPDATES:
            return self.writing(UPDATES[row.key], lambda inputs: [], task)
        raise Unsupported

    def writing(self, function, make_results, task):
        def bound(inputs):
            updated = [inputs[i] for i in task.state]
            made = make_results(inputs) if not updated else []
            # One updated vector is written where a result would be; several are inputs already.
            written = updated[:1] if function.py_func.__name__ == "into" and updated else made
            results = updated or made

            def call():
                function(*inputs, *written)
                return results

            return call

        return bound

    def bind(self, function, task, arrays):
        return function(arrays)

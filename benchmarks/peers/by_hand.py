"""The rows with derivatives for libraries that have none, derived by hand. They also judge the libraries that do."""

from formulas import INTEREST, RATE, SOFTENING, VOLATILITY, call_and_put, normal_cdf
import math


def square_of_sum_gradient(xp, a, b):
    slope = 2 * (a + b)
    return slope, slope


def gated_bell_gradient(xp, x):
    t, s = xp.tanh(x), xp.sigmoid(x)
    return ((1 - t * t) * s + t * s * (1 - s) - 2 * x * xp.exp(-x * x),)


def greeks(xp, spot, strike, years):
    root = xp.sqrt(years)
    spread = VOLATILITY * root
    d1 = (xp.log(spot / strike) + (INTEREST + 0.5 * VOLATILITY**2) * years) / spread
    density = xp.exp(-0.5 * d1 * d1) * (1 / math.sqrt(2 * math.pi))
    discounted = strike * xp.exp(-INTEREST * years)
    delta = normal_cdf(xp, d1)
    gamma = density / (spot * spread)
    vega = spot * density * root
    theta = -0.5 * VOLATILITY * spot * density / root - INTEREST * discounted * normal_cdf(xp, d1 - spread)
    return *call_and_put(xp, spot, strike, years), delta, gamma, vega, theta


def score_slope(xp, scores, labels):
    """The mean cross-entropy, and its derivatives by the scores."""
    rows = xp.arange(len(labels))
    logs = xp.log_softmax(scores)
    slope = xp.exp(logs)
    slope[rows, labels] -= 1
    slope /= len(labels)
    return -xp.mean(logs[rows, labels]), slope


def layernorm_gradient(xp, cotangent, x, gain, bias):
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = 1 / xp.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-5)
    unit = centred * scale
    g = cotangent * gain
    slope = scale * (g - g.mean(axis=-1, keepdims=True) - unit * (g * unit).mean(axis=-1, keepdims=True))
    return slope, (cotangent * unit).sum(axis=0), cotangent.sum(axis=0)


def rmsnorm_gradient(xp, cotangent, x, gain):
    scale = 1 / xp.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-5)
    unit = x * scale
    g = cotangent * gain
    return scale * (g - unit * (g * unit).mean(axis=-1, keepdims=True)), (cotangent * unit).sum(axis=0)


def descend(xp, inputs, slope, w, b):
    return xp.decrease(w, RATE * (inputs.T @ slope)), xp.decrease(b, RATE * slope.sum(axis=0))


def regression_step(xp, batch, labels, w, b):
    loss, slope = score_slope(xp, batch @ w + b, labels)
    return loss, *descend(xp, batch, slope, w, b)


def network_step(xp, batch, labels, w1, b1, w2, b2):
    hidden = xp.tanh(batch @ w1 + b1)
    loss, slope = score_slope(xp, hidden @ w2 + b2, labels)
    hidden_slope = (slope @ w2.T) * (1 - hidden * hidden)
    return loss, *descend(xp, batch, hidden_slope, w1, b1), *descend(xp, hidden, slope, w2, b2)


def binary_step(xp, batch, labels, w, b):
    scores = batch @ w + b
    loss = xp.mean(xp.softplus(scores) - labels * scores) + 0.01 * xp.sum(w * w)
    slope = (xp.sigmoid(scores) - labels) / len(labels)
    return loss, xp.decrease(w, RATE * (batch.T @ slope + 0.02 * w)), xp.decrease(b, RATE * slope.sum())


def forces(xp, x, y, z, mass):
    dx, dy, dz = (c[None, :] - c[:, None] for c in (x, y, z))
    squared = dx * dx + dy * dy + dz * dz + SOFTENING
    weight = mass[:, None] * mass[None, :] / (squared * xp.sqrt(squared))
    return tuple((weight * d).sum(axis=1) for d in (dx, dy, dz))

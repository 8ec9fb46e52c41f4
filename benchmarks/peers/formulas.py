"""What the rows compute, once for all libraries: functions of a namespace of array functions and the row's inputs.

A formula whose row updates arrays in place returns their new values last.
"""

import math

RATE = 0.01
SOFTENING = 0.01
INTEREST, VOLATILITY = 0.05, 0.2


def square_of_sum(xp, a, b):
    return a * a + b * b + 2 * a * b


def square_of_sum_in_place(xp, a, b):
    return (xp.assign(a, square_of_sum(xp, a, b)),)


def linear(xp, a, b):
    return 2 * a + 3 * b


def increment(xp, a):
    return a + 1


def tenth_power(xp, a, b):
    return 2 * a + b**10


def gated_bell(xp, x):
    return xp.tanh(x) * xp.sigmoid(x) + xp.exp(-x * x)


def gated_bell_in_place(xp, x):
    return (xp.assign(x, gated_bell(xp, x)),)


def normal_cdf(xp, x):
    return 0.5 + 0.5 * xp.erf(x * math.sqrt(0.5))


def call_price(xp, spot, strike, years, volatility):
    spread = volatility * xp.sqrt(years)
    d1 = (xp.log(spot / strike) + (INTEREST + 0.5 * volatility * volatility) * years) / spread
    discounted = strike * xp.exp(-INTEREST * years)
    return spot * normal_cdf(xp, d1) - discounted * normal_cdf(xp, d1 - spread)


def call_and_put(xp, spot, strike, years):
    call = call_price(xp, spot, strike, years, VOLATILITY)
    return call, call - spot + strike * xp.exp(-INTEREST * years)


def greeks(xp, spot, strike, years):
    def total(spot, years, volatility):
        return xp.sum(call_price(xp, spot, strike, years, volatility))

    def total_delta(spot, years, volatility):
        return xp.sum(xp.grad(total, (0,))(spot, years, volatility)[0])

    market = spot, years, xp.full_like(spot, VOLATILITY)
    delta, slope, vega = xp.grad(total, (0, 1, 2))(*market)
    (gamma,) = xp.grad(total_delta, (0,))(*market)
    return *call_and_put(xp, spot, strike, years), delta, gamma, vega, -slope


def waves(xp, a, b):
    return xp.sin(a) ** 2 + xp.cos(b) ** 2 + a * b


def polynomial(xp, x):
    y = 1 / 20 + 0 * x
    for i in range(19, 0, -1):
        y = y * x + 1 / i
    return y


def select(xp, a, b):
    return xp.where(a > b, xp.clip(a, -0.5, 0.5), xp.where(b < 0, a * b, a - b))


def casts(xp, x):
    other = "float32" if "64" in str(x.dtype) else "float64"
    whole = xp.cast(x * 100, "int32")
    return xp.cast(xp.cast(whole, other) * 0.5, str(x.dtype).removeprefix("torch.")) + x


def outer_sum(xp, x, y):
    return x[:, None] + y[None, :]


def transposed_sum(xp, x, y):
    return x.T + y


def strided_product(xp, x, y):
    return x[::2] * y[1::2]


def chain(length):
    def formula(xp, x):
        y = x
        for i in range(length):
            y = (y + x, y * 0.625, xp.abs(y), x - y)[i % 4]
        return y

    return formula


def chain_text(length, scale="0.625"):
    """The same for libraries that read a formula from its text."""
    text = "a"
    for i in range(length):
        text = (f"({text} + a)", f"({text} * {scale})", f"abs({text})", f"(a - {text})")[i % 4]
    return text


def gradient(f, *wrt):
    """The derivatives of the sum of f."""

    def formula(xp, *inputs):
        return xp.grad(lambda *inputs: xp.sum(f(xp, *inputs)), wrt)(*inputs)

    return formula


def pulled_back(f, *wrt):
    """The derivatives of the sum of f times a cotangent, which is the first input."""

    def formula(xp, cotangent, *inputs):
        return xp.grad(lambda *inputs: xp.sum(cotangent * f(xp, *inputs)), wrt)(*inputs)

    return formula


def reduction(name, axis=None):
    return lambda xp, x: getattr(xp, name)(x, axis=axis)


def distance(xp, a, b):
    return xp.sum((a - b) ** 2)


def dot(xp, a, b):
    return xp.dot(a, b)


def weighted_variance(xp, x, w):
    total = xp.sum(w)
    mean = xp.sum(w * x) / total
    return xp.sum(w * (x - mean) ** 2) / total


def logsumexp(xp, x):
    return xp.logsumexp(x)


def softmax(xp, x):
    return xp.softmax(x)


def log_softmax(xp, x):
    return xp.log_softmax(x)


def crossentropy(xp, scores, labels):
    value, (slope,) = xp.value_and_grad(lambda scores: xp.crossentropy(scores, labels), (0,))(scores)
    return value, slope


def layernorm(xp, x, gain, bias):
    return xp.layernorm(x, gain, bias)


def rmsnorm(xp, x, gain):
    return xp.rmsnorm(x, gain)


def sigmoid_gemv(xp, x, w):
    return xp.sum(xp.sigmoid(x @ w))


def sigmoid_gemm(xp, x, w):
    return xp.sum(xp.sigmoid(x @ w), axis=0)


def product(transposed_a, transposed_b):
    return lambda xp, a, b: (a.T if transposed_a else a) @ (b.T if transposed_b else b)


def layer(activation):
    return lambda xp, x, w, b: getattr(xp, activation)(x @ w + b)


def backward_tanh(xp, g, w, h):
    return (g @ w.T) * (1 - h * h)


def weight_update(xp, w, x, g):
    return (xp.decrease(w, RATE * (x.T @ g)),)


def matrix_vector(xp, a, x):
    return a @ x


def transposed_matrix_vector(xp, a, x):
    return a.T @ x


def outer_update(xp, a, x, y):
    return (xp.decrease(a, (RATE * x)[:, None] * y[None, :]),)


def batched_product(xp, a, b):
    return a @ b


def strided_batched_product(xp, a, b):
    return xp.einsum("bij,bjk->bik", a[:, :, ::2], b[:, ::2, :])


def chain_product(xp, a, b, c):
    return xp.chain_product(a, b, c)


def gram(xp, x):
    return x.T @ x


def transposed_product(xp, a, b):
    return (a @ b).T


def shifted_gram(xp, a, identity):
    return a @ a.T + 0.5 * identity


def descent(loss):
    """One step of gradient descent of loss(parameters, batch...); returns the loss and the new parameters."""

    def step(xp, batch, labels, *parameters):
        wrt = tuple(range(len(parameters)))
        value, slopes = xp.value_and_grad(lambda *p: loss(xp, batch, labels, *p), wrt)(*parameters)
        return value, *(xp.decrease(p, RATE * slope) for p, slope in zip(parameters, slopes))

    return step


def regression_loss(xp, batch, labels, w, b):
    return xp.crossentropy(batch @ w + b, labels)


def network_loss(xp, batch, labels, w1, b1, w2, b2):
    return xp.crossentropy(xp.tanh(batch @ w1 + b1) @ w2 + b2, labels)


def binary_loss(xp, batch, labels, w, b):
    scores = batch @ w + b
    return xp.mean(xp.softplus(scores) - labels * scores) + 0.01 * xp.sum(w * w)


def sgd(xp, g, p):
    return (xp.decrease(p, RATE * g),)


def momentum(xp, g, p, v):
    velocity = xp.assign(v, 0.9 * v + g)
    return xp.decrease(p, RATE * velocity), velocity


def adam(xp, g, p, m, v):
    """The first step, where the bias corrections are 1 - 0.9 and 1 - 0.999."""
    first = xp.assign(m, 0.9 * m + 0.1 * g)
    second = xp.assign(v, 0.999 * v + 0.001 * g * g)
    step = RATE * (first / 0.1) / (xp.sqrt(second / 0.001) + 1e-8)
    return xp.decrease(p, step), first, second


def potential_energy(xp, x, y, z, mass):
    dx, dy, dz = (c[None, :] - c[:, None] for c in (x, y, z))
    inverse = 1 / xp.sqrt(dx * dx + dy * dy + dz * dz + SOFTENING)
    return -0.5 * xp.sum(mass[:, None] * mass[None, :] * inverse)


def forces(xp, x, y, z, mass):
    slopes = xp.grad(lambda x, y, z: potential_energy(xp, x, y, z, mass), (0, 1, 2))(x, y, z)
    return tuple(-slope for slope in slopes)


HEAT_STEPS, DIFFUSION = 1000, 0.1


def heat_step(xp, u):
    neighbours = u[1:-1, :-2] + u[1:-1, 2:] + u[:-2, 1:-1] + u[2:, 1:-1]
    return xp.add_at(u, (slice(1, -1), slice(1, -1)), DIFFUSION * (neighbours - 4 * u[1:-1, 1:-1]))


def heat(xp, u):
    return xp.iterate(lambda u: heat_step(xp, u), xp.copy(u), HEAT_STEPS)


OBSERVATION_NOISE, LOG_TWO_PI = 0.1, math.log(2 * math.pi)


def kalman_step(xp, transition, process_noise, state, z):
    x, p, loglik = state
    x = transition @ x
    p = transition @ p @ transition.T + process_noise
    a, b, c = p[0, 0] + OBSERVATION_NOISE, p[0, 1], p[1, 1] + OBSERVATION_NOISE
    determinant = a * c - b * b
    y0, y1 = z[0] - x[0], z[1] - x[1]
    gain0 = (p[:, 0] * c - p[:, 1] * b) / determinant
    gain1 = (p[:, 1] * a - p[:, 0] * b) / determinant
    distance = (c * y0 * y0 - 2 * b * y0 * y1 + a * y1 * y1) / determinant
    loglik = loglik - 0.5 * (xp.log(determinant) + distance + 2 * LOG_TWO_PI)
    x = x + gain0 * y0 + gain1 * y1
    p = p - gain0[:, None] * p[0] - gain1[:, None] * p[1]
    return x, p, loglik


def kalman(xp, observations, transition, process_noise, x, p, loglik):
    def step(state, z):
        return kalman_step(xp, transition, process_noise, state, z)

    return xp.scan(step, (x, p, loglik), observations)[2]


def shrink_all(xp, *parameters):
    return tuple(xp.decrease(p, RATE * p) for p in parameters)

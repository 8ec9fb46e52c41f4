"""Each row's inputs and formula."""

from dataclasses import dataclass
from typing import Callable

import numpy as np

import by_hand
import formulas as f
from rows import Row


@dataclass(frozen=True)
class Task:
    formula: Callable
    inputs: Callable  # of (random generator, extents), arrays of float64 or int32
    state: tuple[int, ...] = ()  # the inputs that the row updates in place
    by_hand: Callable | None = None  # the formula without autodiff
    loops: bool = False  # the formula is a long loop

    @property
    def numeric(self) -> Callable:
        return self.by_hand or self.formula


def uniform(*bounds):
    """Vectors, or arrays of the row's extents, uniform between each pair of bounds."""
    return lambda rng, extents: [rng.uniform(low, high, extents) for low, high in bounds]


def normal(*shapes):
    """Standard normal arrays. A shape is a string of letters for extents, in the order m, k, n, l."""

    def generate(rng, extents):
        named = dict(zip("mknl", extents if len(extents) > 1 else extents * 4))
        return [rng.standard_normal([named[letter] for letter in shape]) for shape in shapes]

    return generate


def labelled_scores(rng, extents):
    rows, columns = extents
    return [rng.standard_normal(extents), rng.integers(0, columns, rows, dtype=np.int32)]


def glorot(rng, rows, columns):
    """Uniform in +-sqrt(6 / (rows + columns)), after Glorot and Bengio (2010)."""
    bound = (6 / (rows + columns)) ** 0.5
    return rng.uniform(-bound, bound, (rows, columns))


def classifier(*widths):
    """A batch of images with labels, then the weights and biases of each layer."""

    def generate(rng, extents):
        (size,) = extents
        batch = [rng.uniform(0, 1, (size, widths[0])), rng.integers(0, widths[-1], size, dtype=np.int32)]
        layers = ((glorot(rng, rows, columns), np.zeros(columns)) for rows, columns in zip(widths, widths[1:]))
        return batch + [parameter for layer in layers for parameter in layer]

    return generate


def binary_examples(rng, extents):
    (size,) = extents
    labels = rng.integers(0, 2, size).astype(np.float64)
    return [rng.standard_normal((size, 784)), labels, 0.1 * rng.standard_normal(784), np.zeros(())]


def optimiser_state(zeros):
    return lambda rng, n: [*(rng.standard_normal(n) for _ in range(2)), *(np.zeros(n) for _ in range(zeros))]


def bodies(rng, extents):
    return [*(rng.uniform(-1, 1, extents) for _ in range(3)), rng.uniform(0.1, 1, extents)]


def plate(rng, extents):
    (side,) = extents
    return [rng.uniform(0, 1, (side, side))]


def observations(rng, extents):
    transition = np.eye(4) + np.eye(4, k=2)
    return [rng.standard_normal((1000, 2)), transition, 0.01 * np.eye(4), np.zeros(4), np.eye(4), np.zeros(())]


def batches(a, b):
    """Stacks of matrices, their extents as multiples of n."""

    def generate(rng, extents):
        count, n = extents
        return [rng.standard_normal((count, rows * n, columns * n)) for rows, columns in (a, b)]

    return generate


def square_and_identity(rng, extents):
    return [rng.standard_normal(extents), np.eye(extents[0])]


signed, quarter = (-1, 1), (0, 0.25)
market = uniform((5, 30), (1, 100), (0.25, 10))
mlp = Task(f.descent(f.network_loss), classifier(784, 500, 10), (2, 3, 4, 5), by_hand.network_step)
crossentropy = Task(f.crossentropy, labelled_scores, by_hand=by_hand.score_slope)
chain100 = Task(f.chain(100), uniform(signed))
increment = Task(f.increment, uniform(signed))

TASKS = {
    ("A1", "forward"): Task(f.square_of_sum, uniform(signed, signed)),
    ("A1", "gradient"): Task(f.gradient(f.square_of_sum, 0, 1), uniform(signed, signed),
                             by_hand=by_hand.square_of_sum_gradient),
    # In [0, 1/4) repeated updates stay finite.
    ("A1", "inplace"): Task(f.square_of_sum_in_place, uniform(quarter, quarter), (0,)),
    ("A2", "forward"): Task(f.linear, uniform(signed, signed)),
    ("A3", "forward"): increment,
    ("A4", "forward"): Task(f.tenth_power, uniform(signed, signed)),
    ("A5", "forward"): Task(f.gated_bell, uniform((-3, 3))),
    ("A5", "gradient"): Task(f.gradient(f.gated_bell, 0), uniform((-3, 3)), by_hand=by_hand.gated_bell_gradient),
    ("A5", "inplace"): Task(f.gated_bell_in_place, uniform((-3, 3)), (0,)),
    ("A6", "price"): Task(f.call_and_put, market),
    ("A6", "greeks"): Task(f.greeks, market, by_hand=by_hand.greeks),
    ("A7", "waves"): Task(f.waves, uniform((-3, 3), (-3, 3))),
    ("A7", "polynomial"): Task(f.polynomial, uniform(signed)),
    ("A7", "select"): Task(f.select, uniform(signed, signed)),
    ("A7", "casts"): Task(f.casts, uniform((-100, 100))),
    ("A9", "outer"): Task(f.outer_sum, normal("m", "m")),
    ("A9", "transpose"): Task(f.transposed_sum, normal("mm", "mm")),
    ("A9", "strided"): Task(f.strided_product, normal("m", "m")),
    ("A10", "chain5"): Task(f.chain(5), uniform(signed)),
    ("A10", "chain20"): Task(f.chain(20), uniform(signed)),
    ("A10", "chain100"): chain100,
    ("R1", "sum_all"): Task(f.reduction("sum"), uniform(signed)),
    ("R1", "sum_rows"): Task(f.reduction("sum", 1), uniform(signed)),
    ("R1", "sum_columns"): Task(f.reduction("sum", 0), uniform(signed)),
    ("R1", "mean_rows"): Task(f.reduction("mean", 1), uniform(signed)),
    ("R1", "max_rows"): Task(f.reduction("max", 1), uniform(signed)),
    ("R1", "max_columns"): Task(f.reduction("max", 0), uniform(signed)),
    ("R1", "argmax_rows"): Task(f.reduction("argmax", 1), uniform(signed)),
    ("R1", "argmax_columns"): Task(f.reduction("argmax", 0), uniform(signed)),
    ("R1", "sum_axis0"): Task(f.reduction("sum", 0), uniform(signed)),
    ("R1", "sum_axis1"): Task(f.reduction("sum", 1), uniform(signed)),
    ("R1", "sum_axis2"): Task(f.reduction("sum", 2), uniform(signed)),
    ("R2", "distance"): Task(f.distance, uniform(signed, signed)),
    ("R2", "dot"): Task(f.dot, uniform((0, 1), (0, 1))),
    ("R2", "variance"): Task(f.weighted_variance, uniform(signed, (0, 1))),
    ("R3", "logsumexp"): Task(f.logsumexp, normal("mk")),
    ("R3", "softmax"): Task(f.softmax, normal("mk")),
    ("R3", "log_softmax"): Task(f.log_softmax, normal("mk")),
    ("R3", "crossentropy"): crossentropy,
    ("R4", "layernorm"): Task(f.layernorm, normal("mk", "k", "k")),
    ("R4", "layernorm_grad"): Task(f.pulled_back(f.layernorm, 0, 1, 2), normal("mk", "mk", "k", "k"),
                                   by_hand=by_hand.layernorm_gradient),
    ("R4", "rmsnorm"): Task(f.rmsnorm, normal("mk", "k")),
    ("R4", "rmsnorm_grad"): Task(f.pulled_back(f.rmsnorm, 0, 1), normal("mk", "mk", "k"),
                                 by_hand=by_hand.rmsnorm_gradient),
    ("R6", "sigmoid_gemv"): Task(f.sigmoid_gemv, normal("mk", "k")),
    ("R6", "sigmoid_gemm"): Task(f.sigmoid_gemm, normal("mk", "kn")),
    ("L1", "nn"): Task(f.product(False, False), normal("mk", "kn")),
    ("L1", "nt"): Task(f.product(False, True), normal("mk", "nk")),
    ("L1", "tn"): Task(f.product(True, False), normal("km", "kn")),
    ("L1", "tt"): Task(f.product(True, True), normal("km", "nk")),
    ("L2", "nn"): Task(f.product(False, False), normal("mk", "kn")),
    ("L2", "tn"): Task(f.product(True, False), normal("km", "kn")),
    ("L3", "bias_relu"): Task(f.layer("relu"), normal("mk", "kn", "n")),
    ("L3", "bias_tanh"): Task(f.layer("tanh"), normal("mk", "kn", "n")),
    ("L3", "bias_gelu"): Task(f.layer("gelu"), normal("mk", "kn", "n")),
    ("L3", "backward_tanh"): Task(f.backward_tanh, normal("mk", "nk", "mn")),
    ("L3", "update"): Task(f.weight_update, normal("mn", "km", "kn"), (0,)),
    ("L4", "gemv"): Task(f.matrix_vector, normal("mm", "m")),
    ("L4", "gemv_t"): Task(f.transposed_matrix_vector, normal("mm", "m")),
    ("L4", "outer"): Task(f.outer_update, normal("mm", "m", "m"), (0,)),
    ("L5", "batched"): Task(f.batched_product, batches((1, 1), (1, 1))),
    ("L5", "strided"): Task(f.strided_batched_product, batches((1, 2), (2, 1))),
    ("L6", "chain"): Task(f.chain_product, normal("mk", "kn", "nl")),
    ("L6", "gram"): Task(f.gram, normal("mk")),
    ("L6", "transposed"): Task(f.transposed_product, normal("mm", "mm")),
    ("L6", "shifted_gram"): Task(f.shifted_gram, square_and_identity),
    ("T1", "regression"): Task(f.descent(f.regression_loss), classifier(784, 10), (2, 3), by_hand.regression_step),
    ("T1b", "binary"): Task(f.descent(f.binary_loss), binary_examples, (2, 3), by_hand.binary_step),
    ("T2", "network"): mlp,
    ("T8", "sgd"): Task(f.sgd, optimiser_state(0), (1,)),
    ("T8", "momentum"): Task(f.momentum, optimiser_state(1), (1, 2)),
    ("T8", "adam"): Task(f.adam, optimiser_state(2), (1, 2, 3)),
    ("S3", "forces"): Task(f.forces, bodies, by_hand=by_hand.forces),
    ("S4", "heat"): Task(f.heat, plate, loops=True),
    ("S6", "kalman"): Task(f.kalman, observations, loops=True),
    ("O1", "raw"): increment,
    ("O1", "checked"): increment,
    ("O2", "updates"): Task(f.shrink_all, lambda rng, count: [rng.uniform(-1, 1, 4) for _ in range(count[0])],
                            tuple(range(10))),
    ("O6", "other_size"): increment,
    ("M1", "chain100"): chain100,
    ("M2", "network"): mlp,
    ("M4", "crossentropy"): crossentropy,
    ("M6", "steady_calls"): Task(mlp.formula, lambda rng, calls: mlp.inputs(rng, (60,)), mlp.state, mlp.by_hand),
}


def task_of(row: Row) -> Task:
    return TASKS[row.key]


def inputs_of(row: Row) -> list[np.ndarray]:
    """The same for every library: floating-point arrays in the row's dtype, labels in int32."""
    arrays = task_of(row).inputs(np.random.default_rng(1), row.extents)
    return [a.astype(row.dtype) if a.dtype == np.float64 else a for a in map(np.asarray, arrays)]

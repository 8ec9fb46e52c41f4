"""What the formulas are written in: a module of array functions, and the few things such modules disagree about."""


class Namespace:
    """Looks names up in the module. A library that has its own version of a function below overrides it."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        return getattr(self.module, name)

    # Composite functions.

    def sigmoid(self, x):
        return 1 / (1 + self.exp(-x))

    def relu(self, x):
        return self.maximum(x, 0)

    def gelu(self, x):
        return 0.5 * x * (1 + self.erf(x * 0.5**0.5))

    def softplus(self, x):
        return self.logaddexp(x, 0)

    def logsumexp(self, x):
        largest = self.max(x, axis=-1, keepdims=True)
        return largest[..., 0] + self.log(self.sum(self.exp(x - largest), axis=-1))

    def softmax(self, x):
        powers = self.exp(x - self.max(x, axis=-1, keepdims=True))
        return powers / self.sum(powers, axis=-1, keepdims=True)

    def log_softmax(self, x):
        shifted = x - self.max(x, axis=-1, keepdims=True)
        return shifted - self.log(self.sum(self.exp(shifted), axis=-1, keepdims=True))

    def crossentropy(self, scores, labels):
        return -self.mean(self.log_softmax(scores)[self.arange(scores.shape[0]), labels])

    def layernorm(self, x, gain, bias):
        centred = x - self.mean(x, axis=-1, keepdims=True)
        variance = self.mean(centred * centred, axis=-1, keepdims=True)
        return centred / self.sqrt(variance + 1e-5) * gain + bias

    def rmsnorm(self, x, gain):
        return x / self.sqrt(self.mean(x * x, axis=-1, keepdims=True) + 1e-5) * gain

    def chain_product(self, *matrices):
        return self.linalg.multi_dot(matrices)

    # Types.

    def cast(self, x, dtype):
        return x.astype(dtype)

    # State, which libraries with mutable arrays override.

    def copy(self, x):
        return x

    def assign(self, target, value):
        return value

    def decrease(self, target, amount):
        return target - amount

    def add_at(self, target, where, amount):
        return target.at[where].add(amount)

    # Derivatives and loops.

    def value_and_grad(self, f, wrt):
        raise NotImplementedError

    def grad(self, f, wrt):
        return lambda *inputs: self.value_and_grad(f, wrt)(*inputs)[1]

    def iterate(self, step, state, count):
        for _ in range(count):
            state = step(state)
        return state

    def scan(self, step, state, sequence):
        """Calls step(state, element) on each element of the sequence and returns the last state, a tuple."""
        for element in sequence:
            state = step(state, element)
        return state

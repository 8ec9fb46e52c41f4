"""PyTensor with the numba and the C linker; what a row updates in place is shared."""

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import get_mode
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.rewriting.utils import rewrite_graph

import graphs
from namespace import Namespace
from peer import Peer, Unsupported, as_tuple
from rows import row_of
from tasks import inputs_of, task_of


class Pytensor(Namespace):
    def __init__(self):
        super().__init__(pt)

    softmax = staticmethod(lambda x: pt.special.softmax(x, axis=-1))
    log_softmax = staticmethod(lambda x: pt.special.log_softmax(x, axis=-1))
    relu = staticmethod(lambda x: pt.maximum(x, 0))

    def softplus(self, x):
        return pt.softplus(x)

    def logsumexp(self, x):
        return pt.logsumexp(x, axis=-1)

    def chain_product(self, *matrices):
        product, *others = matrices
        for matrix in others:
            product = product @ matrix
        return product

    def add_at(self, target, where, amount):
        return pt.inc_subtensor(target[where], amount)

    def value_and_grad(self, f, wrt):
        def values(*inputs):
            value = f(*inputs)
            return value, pt.grad(value, [inputs[i] for i in wrt])

        return values

    def iterate(self, step, state, count):
        return pytensor.scan(step, outputs_info=[state], n_steps=count, return_updates=False)[-1]

    def scan(self, step, state, sequence):
        states = pytensor.scan(lambda element, *state: list(step(state, element)), sequences=[sequence],
                               outputs_info=list(state), return_updates=False)
        return tuple(trace[-1] for trace in states)


class Function:
    """A compiled row, the inputs it does not share given at each call."""

    def __init__(self, formula, arrays, state, mode):
        self.state = state
        self.shared = {i: pytensor.shared(arrays[i]) for i in state}
        symbols = [self.shared[i] if i in self.shared else tensor_like(a) for i, a in enumerate(arrays)]
        results = as_tuple(formula(Pytensor(), *symbols))
        kept = len(results) - len(state)
        updates = {self.shared[i]: new for i, new in zip(state, results[kept:])}
        inputs = [pytensor.In(s, borrow=True) for i, s in enumerate(symbols) if i not in self.shared]
        outputs = [pytensor.Out(pt.as_tensor(r), borrow=True) for r in results[:kept]]
        self.call = pytensor.function(inputs, outputs, updates=updates, mode=mode, on_unused_input="ignore")


def make_function(task, dtype, arrays, mode):
    """With Python's numbers in the row's dtype."""
    with pytensor.config.change_flags(floatX=dtype):
        return Function(task.formula, arrays, task.state, mode)


def tensor_like(array):
    return pt.tensor(dtype=array.dtype, shape=(None,) * array.ndim)


class PytensorPeer(Peer):
    package = "pytensor"
    linker: str

    def compile(self, row, task, arrays):
        function = make_function(task, row.dtype, arrays, self.linker)
        function.call.trust_input = row.key != ("O1", "checked")
        return function

    def bind(self, function, task, arrays):
        for index, variable in function.shared.items():
            variable.set_value(arrays[index])
        given = [a for i, a in enumerate(arrays) if i not in function.shared]
        if not function.state:
            return lambda: function.call(*given)
        return lambda: [*function.call(*given), *function.shared.values()]

    def fetch(self, result):
        return result.get_value() if isinstance(result, SharedVariable) else np.asarray(result)

    def first_call(self, function, arrays):
        """Numba compiles on the first call."""
        function.call(*(a for i, a in enumerate(arrays) if i not in function.shared))

    def compilation(self, row):
        if row.key == ("O3", "compile_step"):
            step = row_of(f"T2.network.{row.dtype}.{row.size}")
            task, arrays = task_of(step), inputs_of(step)
            return lambda: self.first_call(make_function(task, row.dtype, arrays, self.linker), arrays)
        formula, arrays = graphs.formula_of(row), graphs.inputs_of(row)
        if row.task == "O3":
            return lambda: self.first_call(Function(formula, arrays, (), self.linker), arrays)
        if row.task != "O4":
            raise Unsupported
        symbols = [tensor_like(a) for a in arrays]
        if row.variant == "build":
            return lambda: formula(Pytensor(), *symbols)
        output = formula(Pytensor(), *symbols)
        if row.variant == "rewrite":
            return lambda: rewrite_graph(output, include=("canonicalize", "stabilize", "specialize"))
        return lambda: pt.grad(output.sum(), symbols)


class PytensorNumbaPeer(PytensorPeer):
    linker = get_mode("NUMBA")


class PytensorCPeer(PytensorPeer):
    linker = get_mode("CVM")

"""JAX on the processor: jit with XLA's defaults; what a row updates in place is donated."""

import jax
import jax.numpy as jnp
import numpy as np

import graphs
from namespace import Namespace
from peer import Peer, Unsupported, as_tuple
from rows import row_of
from tasks import inputs_of, task_of

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)
# Every call is waited for, which is quicker without a second thread.
jax.config.update("jax_cpu_enable_async_dispatch", False)


class Jax(Namespace):
    def __init__(self):
        super().__init__(jnp)

    erf = staticmethod(jax.scipy.special.erf)
    sigmoid = staticmethod(jax.nn.sigmoid)
    softplus = staticmethod(jax.nn.softplus)
    relu = staticmethod(jax.nn.relu)
    softmax = staticmethod(jax.nn.softmax)
    log_softmax = staticmethod(jax.nn.log_softmax)

    def gelu(self, x):
        return jax.nn.gelu(x, approximate=False)

    def logsumexp(self, x):
        return jax.nn.logsumexp(x, axis=-1)

    def crossentropy(self, scores, labels):
        picked = jnp.take_along_axis(jax.nn.log_softmax(scores), labels[:, None], axis=1)
        return -jnp.mean(picked)

    def value_and_grad(self, f, wrt):
        return jax.value_and_grad(f, argnums=wrt)

    def iterate(self, step, state, count):
        return jax.lax.fori_loop(0, count, lambda _, state: step(state), state)

    def scan(self, step, state, sequence):
        return jax.lax.scan(lambda state, element: (step(state, element), None), state, sequence)[0]


def jitted(formula, donated=()):
    xp = Jax()
    return jax.jit(lambda *inputs: as_tuple(formula(xp, *inputs)), donate_argnums=donated)


class JaxPeer(Peer):
    package = "jax"

    def place(self, array):
        return jnp.array(array)

    def compile(self, row, task, arrays):
        return jitted(task.formula, task.state)

    def bind(self, function, task, arrays):
        if not task.state:
            return lambda: jax.block_until_ready(function(*arrays))
        arrays = list(arrays)

        def update():
            results = jax.block_until_ready(function(*arrays))
            for index, value in zip(task.state, results[len(results) - len(task.state):]):
                arrays[index] = value
            return results

        return update

    def compilation(self, row):
        if row.key == ("O3", "compile_step"):
            step = row_of(f"T2.network.{row.dtype}.{row.size}")
            task, arrays = task_of(step), inputs_of(step)
            return lambda: jitted(task.formula, task.state).lower(*arrays).compile()
        formula, arrays = graphs.formula_of(row), graphs.inputs_of(row)
        if row.task == "O3":
            return lambda: jitted(formula).lower(*arrays).compile()
        if row.key == ("O4", "build"):
            return lambda: jax.make_jaxpr(lambda *inputs: formula(Jax(), *inputs))(*arrays)
        if row.key == ("O4", "gradient"):
            slopes = jax.grad(lambda *inputs: jnp.sum(formula(Jax(), *inputs)), (0, 1, 2, 3))
            return lambda: jax.make_jaxpr(slopes)(*arrays)
        raise Unsupported

    def forget(self):
        jax.clear_caches()

"""PyTorch on the processor: eager, and torch.compile for fixed shapes."""

import numpy as np
import torch
import torch.nn.functional as functional

import graphs
from namespace import Namespace
from peer import THREADS, Peer, Unsupported, as_tuple
from rows import row_of
from tasks import inputs_of, task_of

torch.set_num_threads(THREADS)


class Torch(Namespace):
    def __init__(self):
        super().__init__(torch)

    sum = staticmethod(lambda x, axis=None, keepdims=False: torch.sum(x, dim=axis, keepdim=keepdims))
    mean = staticmethod(lambda x, axis=None, keepdims=False: torch.mean(x, dim=axis, keepdim=keepdims))
    argmax = staticmethod(lambda x, axis: torch.argmax(x, dim=axis))
    max = staticmethod(lambda x, axis: torch.amax(x, dim=axis))
    relu = staticmethod(torch.relu)
    softplus = staticmethod(functional.softplus)
    gelu = staticmethod(functional.gelu)
    crossentropy = staticmethod(functional.cross_entropy)

    def logsumexp(self, x):
        return torch.logsumexp(x, dim=-1)

    def softmax(self, x):
        return torch.softmax(x, dim=-1)

    def log_softmax(self, x):
        return torch.log_softmax(x, dim=-1)

    def layernorm(self, x, gain, bias):
        return functional.layer_norm(x, x.shape[-1:], gain, bias, eps=1e-5)

    def rmsnorm(self, x, gain):
        return functional.rms_norm(x, x.shape[-1:], gain, eps=1e-5)

    def cast(self, x, dtype):
        return x.to(getattr(torch, dtype))

    def copy(self, x):
        return x.clone()

    def assign(self, target, value):
        return target.copy_(value)

    def decrease(self, target, amount):
        return target.sub_(amount)

    def add_at(self, target, where, amount):
        target[where] += amount
        return target

    def value_and_grad(self, f, wrt):
        """By the tape. An input that a derivative is being taken of already keeps its history."""

        def values(*inputs):
            nested = any(x.requires_grad for x in inputs)
            leaves = [x if x.requires_grad else x.detach().requires_grad_(i in wrt) for i, x in enumerate(inputs)]
            with torch.enable_grad():
                value = f(*leaves)
                slopes = torch.autograd.grad(value, [leaves[i] for i in wrt], create_graph=nested)
            return (value if nested else value.detach()), slopes

        return values


class TorchCompile(Torch):
    """Derivatives by torch.func, which torch.compile traces; of a long loop only the step is compiled."""

    def value_and_grad(self, f, wrt):
        def swapped(*inputs):
            slopes, value = torch.func.grad_and_value(f, argnums=wrt)(*inputs)
            return value, slopes

        return swapped

    def iterate(self, step, state, count):
        return super().iterate(compiled(step), state, count)

    def scan(self, step, state, sequence):
        return super().scan(compiled(step), state, sequence)


def compiled(function, dynamic=False):
    return torch.compile(function, dynamic=dynamic, fullgraph=True)


class Optimiser:
    """What users of torch call for T8. Its state is made on the first step, as there."""

    kinds = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.01, fused=True),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, fused=True),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01, fused=True),
    }
    state_names = {"sgd": (), "momentum": ("momentum_buffer",), "adam": ("exp_avg", "exp_avg_sq")}

    def __init__(self, variant, gradient, parameter):
        parameter.requires_grad_()
        parameter.grad = gradient
        self.parameter, self.names = parameter, self.state_names[variant]
        self.optimiser = self.kinds[variant]([parameter])

    def step(self):
        self.optimiser.step()
        state = self.optimiser.state[self.parameter]
        return self.parameter, *(state[name] for name in self.names)


class TorchPeer(Peer):
    package = "torch"

    def place(self, array):
        return torch.tensor(array, dtype=torch.int64 if array.dtype == np.int32 else None)

    def fetch(self, result):
        return result.detach().numpy()

    def compile(self, row, task, arrays):
        if row.task == "T8":
            return row.variant
        if row.key == ("O1", "raw"):
            out = torch.empty_like(arrays[0])
            return lambda x: torch.add(x, 1, out=out)
        xp = Torch()
        return lambda *inputs: as_tuple(task.formula(xp, *inputs))

    def bind(self, function, task, arrays):
        if isinstance(function, str):
            return Optimiser(function, *arrays[:2]).step
        return torch.no_grad()(super().bind(function, task, arrays))


class TorchCompilePeer(TorchPeer):
    def compile(self, row, task, arrays):
        xp = TorchCompile()

        def formula(*inputs):
            return as_tuple(task.formula(xp, *inputs))

        return formula if task.loops else compiled(formula, dynamic=row.task == "O6")

    def bind(self, function, task, arrays):
        return torch.no_grad()(Peer.bind(self, function, task, arrays))

    def compilation(self, row):
        if row.key == ("O3", "compile_step"):
            step = row_of(f"T2.network.{row.dtype}.{row.size}")
            formula, arrays = task_of(step).formula, inputs_of(step)
        elif row.task == "O3":
            formula, arrays = graphs.formula_of(row), graphs.inputs_of(row)
        else:
            raise Unsupported
        xp, placed = TorchCompile(), [self.place(a) for a in arrays]
        return torch.no_grad()(lambda: compiled(lambda *inputs: formula(xp, *inputs))(*placed))

    def forget(self):
        torch.compiler.reset()

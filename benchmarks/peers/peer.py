"""What every peer does: compile a row's task, and call it again and again on the row's inputs."""

import os
from abc import ABC, abstractmethod
from importlib.metadata import version

import numpy as np

from rows import Row
from tasks import Task


THREADS = len(os.sched_getaffinity(0))  # as many as there are cores to use


class Unsupported(Exception):
    """The peer has no sensible definition of the row."""


class Peer(ABC):
    package: str

    @property
    def version(self) -> str:
        return version(self.package)

    def place(self, array: np.ndarray):
        """The array as the library's own, in memory of its own."""
        return array.copy()

    def fetch(self, result) -> np.ndarray:
        return np.asarray(result)

    @abstractmethod
    def compile(self, row: Row, task: Task, arrays: list):
        """A function of placed arrays that returns when the results are there."""

    def bind(self, function, task: Task, arrays: list):
        """A call without arguments that returns a tuple of results."""
        return lambda: function(*arrays)

    def compilation(self, row: Row):
        """A call that compiles what the row says, from nothing."""
        raise Unsupported

    def forget(self):
        """Drops what was compiled for earlier rows."""


def as_tuple(results) -> tuple:
    return tuple(results) if isinstance(results, (tuple, list)) else (results,)

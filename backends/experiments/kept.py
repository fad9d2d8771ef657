"""Results that are kept for whoever asks for the same next, as long as they fit into so many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import torch

#: Bytes of the row and the column of an element of a sparse tensor.
INDICES = 16
#: Of values that count for nothing; places of observations are many of them.
PLAIN = frozenset({float, int, str, bool, type(None)})

Result = TypeVar("Result")


@dataclass(frozen=True)
class Usage:
    """What a collection holds, and how often it had what was asked for."""

    entries: int
    bytes: int
    most_bytes: int
    hits: int
    misses: int


class Kept(Generic[Result]):
    """Results by what they were made from; the one asked for longest ago goes first when there are too many.

    Whoever gets a result shares it with others and must not change it. Two threads that ask for the same at once may both
    make it.

    Parameters
    ----------
    most_bytes
        What all arrays and tensors in the results may take together. A result of more than half of it is not kept.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, tuple[Result, int]] = OrderedDict()
        self._bytes = self._hits = self._misses = 0

    def get(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """Return the result that is kept under a key, or make it."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                self._hits += 1
                return self._results[key][0]
            self._misses += 1
        result = make()
        self.keep(key, result)
        return result

    def keep(self, key: Hashable, result: Result) -> None:
        """Keep a result that has been made elsewhere."""
        size = size_of(result)
        if size > self._most // 2:
            return
        with self._lock:
            self._bytes += size - self._results.pop(key, (result, 0))[1]
            self._results[key] = result, size
            while self._bytes > self._most:
                self._bytes -= self._results.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._results.clear()
            self._bytes = 0

    def usage(self) -> Usage:
        """Return what is held."""
        with self._lock:
            return Usage(len(self._results), self._bytes, self._most, self._hits, self._misses)


def size_of(value: object) -> int:
    """Return the bytes of all arrays and tensors in a value, each storage once, and a little for everything else."""
    return _size(value, set())


def _size(value: Any, seen: set[int]) -> int:
    if isinstance(value, torch.Tensor) and value.layout == torch.strided:
        storage = value.untyped_storage()
        return 0 if _met(storage.data_ptr(), seen) else storage.nbytes()
    if isinstance(value, torch.Tensor):
        return 0 if _met(id(value), seen) else value._nnz() * (value.element_size() + INDICES)
    if isinstance(value, np.ndarray):
        return 0 if _met(id(value), seen) else value.nbytes
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, list | tuple):
        parts = list(value)
    elif type(value).__module__.startswith("backends."):
        parts = list(vars(value).values()) if hasattr(value, "__dict__") else []
    else:
        return 0
    if _met(id(value), seen):
        return 0
    return 100 + sum(_size(part, seen) for part in parts if type(part) not in PLAIN)


def _met(mark: int, seen: set[int]) -> bool:
    known = mark in seen
    seen.add(mark)
    return known

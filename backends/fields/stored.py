"""Values of the variables of an opened dataset: read when they are asked for, and kept where they fit."""

import itertools
import threading
from collections.abc import Callable, Mapping
from weakref import WeakSet

import numpy as np
import xarray as xr

from backends.errors import InputError
from backends.fields.damage import DECODING_PROBLEMS, first_line
from backends.fields.lazy import Part

#: A variable of at most this many values (128 MiB of float32) is read whole and kept; larger ones slice by slice.
KEPT_VALUES = 2**25
#: Bytes of all that are kept, of all datasets together: what was asked for longest ago goes first, and is read again.
KEPT_BYTES = 2**31

_lock = threading.Lock()
_everywhere: "WeakSet[StoredValues]" = WeakSet()
_moments = itertools.count()


class StoredValues:
    """What reads the variables of a dataset, as float32, NaN where missing.

    Parameters
    ----------
    label
        What the dataset is called in errors.

    Attributes
    ----------
    arrays
        The variables by name, as they lie in the file.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.arrays: dict[str, xr.DataArray] = {}
        self._loaded: dict[str, np.ndarray] = {}
        self._asked: dict[str, int] = {}
        with _lock:
            _everywhere.add(self)

    def keeps(self, name: str) -> bool:
        """Return whether a variable is read whole and kept."""
        return self.arrays[name].size <= KEPT_VALUES

    def loaded(self, name: str) -> bool:
        """Return whether a variable has been read, and kept."""
        return name in self._loaded

    def part(self, name: str, chosen: Part) -> np.ndarray:
        """Return values at indices or slices along some dimensions, and all along the others.

        Raises
        ------
        InputError
            If the file turns out to be damaged there.
        """
        array = self.arrays[name]
        loaded = self._loaded.get(name)
        if loaded is None:
            if not self.keeps(name):
                return self.decode(name, lambda: array.isel(chosen).values)
            loaded = self.decode(name, lambda: array.values)
            self._keep(name, loaded)
        self._asked[name] = next(_moments)
        return loaded[tuple(chosen.get(str(dim), slice(None)) for dim in array.dims)]

    def _keep(self, name: str, values: np.ndarray) -> None:
        """Keep a variable, and let go of those that were asked for longest ago where all together are too many."""
        with _lock:
            self._loaded[name], self._asked[name] = values, next(_moments)
            held = sorted((store._asked[n], store, n) for store in _everywhere for n in store._loaded)
            total = sum(store._loaded[n].nbytes for _, store, n in held)
            for _, store, n in held[:-1]:
                if total <= KEPT_BYTES:
                    break
                total -= store._loaded.pop(n).nbytes

    def chunked(self, name: str, part: Mapping[str, int | slice]) -> np.ndarray:
        """Return a part read through Dask, chunk by chunk; where chunks are not known, one by one along sliced axes.

        Raises
        ------
        InputError
            As :meth:`part` does.
        """
        array = self.arrays[name].isel(part)
        sliced = dict.fromkeys((dim for dim, index in part.items() if isinstance(index, slice)), 1)
        stored = {**dict.fromkeys(array.dims, -1), **sliced, **array.encoding.get("preferred_chunks", {})}
        return self.decode(name, lambda: array.chunk({dim: stored[dim] for dim in array.dims}).values)

    def decode(self, name: str, read: Callable[[], np.ndarray]) -> np.ndarray:
        """Return what is read of a variable.

        Raises
        ------
        InputError
            As :meth:`part` does.
        """
        try:
            return read().astype(np.float32, copy=False)
        except InputError:  # of a derived variable: it says what is wrong
            raise
        except DECODING_PROBLEMS as problem:
            raise InputError(
                f"variable {name!r} of {self.label} cannot be read, the file may be damaged: {first_line(problem)}"
            ) from problem

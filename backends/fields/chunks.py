"""How the arrays of a Zarr store are cut into chunks, and which of them a query reads."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError

if TYPE_CHECKING:
    import zarr


@dataclass(frozen=True)
class ChunkedArray:
    """An array of a Zarr store.

    Attributes
    ----------
    name
        In the store.
    dims, shape, chunks
        Names and lengths of its axes, and lengths of a chunk along them; the last chunk of an axis may reach beyond it.
    dtype
        Of its numbers.
    stored
        Bytes that it takes in the store, compressed.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype
    stored: int

    @property
    def grid(self) -> tuple[int, ...]:
        """Numbers of chunks along the axes."""
        return tuple(math.ceil(n / c) for n, c in zip(self.shape, self.chunks, strict=True))

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a whole chunk in memory."""
        return math.prod(self.chunks) * self.dtype.itemsize

    def touched(self, query: Mapping[str, int | slice]) -> np.ndarray:
        """Return which chunks a query reads, a boolean array of the shape of `grid`.

        Parameters
        ----------
        query
            By the names of axes a position, or a stretch of them with a step of 1; axes that are not named are read whole.
            Positions count from 0, and below it from the end.

        Raises
        ------
        InputError
            If there is no such axis, or it is not that long.
        """
        unknown = set(query) - set(self.dims)
        if unknown:
            raise InputError(f"{self.name} has the axes {', '.join(self.dims)}; came {sorted(unknown)[0]!r}")
        result = np.ones(self.grid, dtype=bool)
        for axis, (dim, n, chunk) in enumerate(zip(self.dims, self.shape, self.chunks, strict=True)):
            first, last = _ends(f"{dim} of {self.name}", query.get(dim, slice(None)), n)
            along = np.zeros(self.grid[axis], dtype=bool)
            along[first // chunk : last // chunk + 1] = True
            result &= along.reshape([-1 if k == axis else 1 for k in range(result.ndim)])
        return result

    def read(self, query: Mapping[str, int | slice]) -> "Read":
        """Return how much a query reads, and how much of that it wants."""
        count = int(self.touched(query).sum())
        wanted = 1
        for dim, n in zip(self.dims, self.shape, strict=True):
            first, last = _ends(dim, query.get(dim, slice(None)), n)
            wanted *= last - first + 1
        return Read(count, math.prod(self.grid), count * self.chunk_bytes, wanted * self.dtype.itemsize)


@dataclass(frozen=True)
class Read:
    """What a query costs.

    Attributes
    ----------
    chunks, of
        How many are read, of how many.
    bytes, wanted
        In memory, of the chunks that are read and of what was asked for; chunks are always read whole.
    """

    chunks: int
    of: int
    bytes: int
    wanted: int


def chunks_of(store: Path) -> tuple[ChunkedArray, ...]:
    """Return the arrays of a Zarr store, the largest first.

    Raises
    ------
    InputError
        If it cannot be read as a Zarr store.
    """
    import zarr

    try:
        group = zarr.open_group(store, mode="r")
        arrays = [_array(name, array) for name, array in group.arrays()]
    except (OSError, KeyError, ValueError, zarr.errors.BaseZarrError) as problem:
        raise InputError(f"{store.name} cannot be read as a Zarr store: {problem!s:.200}") from problem
    return tuple(sorted(arrays, key=lambda array: -math.prod(array.shape) * array.dtype.itemsize))


def _array(name: str, array: "zarr.Array") -> ChunkedArray:
    # Format 3 keeps names of axes with the array, format 2 where xarray puts them.
    named: Any = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    dims = tuple(named) if named else tuple(f"axis {k}" for k in range(array.ndim))
    return ChunkedArray(name, dims, array.shape, array.chunks, np.dtype(array.dtype), int(array.nbytes_stored()))


def _ends(what: str, part: int | slice, n: int) -> tuple[int, int]:
    """Return the first and the last position of a part of an axis of length n."""
    if isinstance(part, slice):
        first, stop, step = part.indices(n)
        if step != 1 or stop <= first:
            raise InputError(
                f"a stretch along {what} must hold at least one of its {n} positions, with a step of 1; came {part}"
            )
        return first, stop - 1
    if not -n <= part < n:
        raise InputError(f"{what} has {n} positions; came {part}")
    return part % n, part % n

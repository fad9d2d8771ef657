"""How arrays are cut into chunks, and which of them a query reads."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backends.errors import InputError

#: What is asked of an array: a map at one time, a series at one point, or all times of a region.
Kind = Literal["map", "series", "region"]
Query = Mapping[str, int | slice]
#: Axes that a series runs along.
ALONG = ("lead_time", "valid_time", "time", "step", "member", "number", "realization")
#: Axes that are neither these nor places.
APART = ("model", "init_time", "level", "isobaricInhPa", "pressure")


@dataclass(frozen=True)
class ChunkedArray:
    """An array of a file or a store.

    Attributes
    ----------
    name
        In the file.
    dims, shape, chunks
        Names and lengths of its axes, and lengths of a chunk along them; the last chunk of an axis may reach beyond it.
    dtype
        Of its numbers.
    stored
        Bytes that it takes there, compressed; None where a file does not say.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype
    stored: int | None

    @property
    def grid(self) -> tuple[int, ...]:
        """Numbers of chunks along the axes."""
        return tuple(math.ceil(n / c) for n, c in zip(self.shape, self.chunks, strict=True))

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a whole chunk in memory."""
        return math.prod(self.chunks) * self.dtype.itemsize

    @property
    def places(self) -> tuple[str, ...]:
        """The axes that a map is drawn over: the last two that are no times, members, models or levels."""
        return tuple(dim for dim in self.dims[-2:] if dim not in ALONG and dim not in APART)

    def telling(self, kind: Kind) -> tuple[str, ...]:
        """Return one or two axes that show best what a query reads, across first: those of a map, or time and a place."""
        long = [dim for dim, n in zip(self.dims, self.shape, strict=True) if n > 1] or list(self.dims)
        places = [dim for dim in reversed(self.places) if dim in long]
        others = [dim for dim in long if dim not in places]
        along = [dim for dim in ALONG if dim in others] or others
        order = [*along[:1], *places, *others] if kind == "series" else [*places, *along, *others]
        return tuple(dict.fromkeys(order))[:2]

    def query(self, kind: Kind, at: Mapping[str, int], part: float = 0.25) -> dict[str, int | slice]:
        """Return what a map, a series or a region asks for.

        Parameters
        ----------
        kind
            `map`: all places, everything else at one position. `series`: one place, all of what a series runs along.
            `region`: a box of places, all times of one member.
        at
            Positions by the names of axes; the middle of those that are not named.
        part
            Of a map's width and height that a region has.
        """
        known, result = any(dim in ALONG for dim in self.dims), dict[str, int | slice]()
        for axis, (dim, n) in enumerate(zip(self.dims, self.shape, strict=True)):
            here = at.get(dim, n // 2)
            place = dim in self.places
            # Where no axis has a name that is known, the first one is taken for time.
            along = dim in ALONG if known else axis == 0 and not place
            if (kind == "map" and not place) or (kind == "series" and not along):
                result[dim] = here
            elif kind == "region" and place:
                width = max(1, round(part * n))
                first = min(max(0, here - width // 2), n - width)
                result[dim] = slice(first, first + width)
            elif kind == "region" and (not along or dim in ("member", "number", "realization")):
                result[dim] = here
        return result

    def ends(self, query: Query) -> dict[str, tuple[int, int]]:
        """Return the first and the last position of each axis that a query asks for.

        Raises
        ------
        InputError
            If there is no such axis, or it is not that long.
        """
        unknown = set(query) - set(self.dims)
        if unknown:
            raise InputError(f"{self.name} has the axes {', '.join(self.dims)}; came {sorted(unknown)[0]!r}")
        return {
            dim: _ends(f"{dim} of {self.name}", query.get(dim, slice(None)), n)
            for dim, n in zip(self.dims, self.shape, strict=True)
        }

    def over(self, values: np.ndarray, across: str, up: str = "") -> np.ndarray:
        """Return the sums of a number of each chunk over all axes but one or two, (chunks up, chunks across)."""
        kept = [self.dims.index(dim) for dim in (up, across) if dim]
        summed = values.sum(axis=tuple(k for k in range(values.ndim) if k not in kept))
        if not up:
            return summed[None]
        return summed if kept[0] < kept[1] else summed.T

    def touched(self, query: Query) -> np.ndarray:
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
        result = np.ones(self.grid, dtype=bool)
        for axis, ((first, last), chunk) in enumerate(zip(self.ends(query).values(), self.chunks, strict=True)):
            along = np.zeros(self.grid[axis], dtype=bool)
            along[first // chunk : last // chunk + 1] = True
            result &= along.reshape([-1 if k == axis else 1 for k in range(result.ndim)])
        return result

    def read(self, query: Query) -> "Read":
        """Return how much a query reads, and how much of that it wants."""
        count = int(self.touched(query).sum())
        wanted = math.prod(last - first + 1 for first, last in self.ends(query).values())
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

"""Arrays that are computed from others when they are read, as much as is read."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core.indexing import (
    ExplicitIndexer,
    IndexingSupport,
    LazilyIndexedArray,
    explicit_indexing_adapter,
)

#: One index or several, by the name of the dimension.
Part = Mapping[str, int | slice]


class Read(Protocol):
    """Reads a part of a variable by its name, float32, dimensions in the file's order."""

    def __call__(self, name: str, chosen: Part) -> np.ndarray:
        """Return the values, without the dimensions of one index."""
        ...


#: Values that are computed at once, at most; more are taken apart along a dimension.
AT_ONCE = 2**22


class ComputedArray(BackendArray):
    """What xarray takes for an array in a file.

    Parameters
    ----------
    sizes
        Of all dimensions, in their order.
    compute
        Given one index or a slice for each dimension, returns the values there, without the dimensions of one index.
    apart
        Dimensions along which each part can be computed by itself.
    """

    def __init__(self, sizes: Mapping[str, int], compute: Callable[[Part], np.ndarray], apart: tuple[str, ...]) -> None:
        self.dims, self.shape, self.dtype = tuple(sizes), tuple(sizes.values()), np.dtype(np.float32)
        self._compute, self._apart = compute, apart

    def __getitem__(self, key: ExplicitIndexer) -> np.ndarray:
        return explicit_indexing_adapter(key, self.shape, IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> np.ndarray:
        part = {dim: k if isinstance(k, slice) else int(k) for dim, k in zip(self.dims, key, strict=True)}
        return self._in_parts(part)

    def _in_parts(self, part: dict[str, int | slice]) -> np.ndarray:
        indices = {dim: range(n)[part[dim]] for dim, n in zip(self.dims, self.shape, strict=True)}
        several = {dim: k for dim, k in indices.items() if isinstance(k, range)}
        apart = [dim for dim in several if dim in self._apart]
        if not apart or np.prod([len(k) for k in several.values()]) <= AT_ONCE:
            return np.asarray(self._compute(part), dtype=np.float32)
        pieces = [self._in_parts({**part, apart[0]: index}) for index in several[apart[0]]]
        return np.stack(pieces, axis=list(several).index(apart[0]))


def computed(
    like: xr.DataArray, compute: Callable[[Part], np.ndarray], apart: tuple[str, ...], attributes: Mapping[str, str]
) -> xr.DataArray:
    """Return an array with the dimensions and coordinates of another one, whose values are computed when they are read."""
    sizes = {str(dim): n for dim, n in like.sizes.items()}
    source = LazilyIndexedArray(ComputedArray(sizes, compute, apart))
    result = xr.DataArray(xr.Variable(like.dims, source, dict(attributes)), coords=like.coords)
    chunks = like.encoding.get("preferred_chunks")
    result.encoding = {} if chunks is None else {"preferred_chunks": chunks}
    return result

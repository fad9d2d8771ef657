"""From a file's coordinates to the grid that a variable lies on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from backends.errors import InputError
from backends.fields.curvilinear import curvilinear, healpix_of, projected_of, unstructured
from backends.fields.meshes import Mesh, RegularMesh
from backends.geometry.grid import LatLonGrid


@dataclass(frozen=True, eq=False)
class Layout:
    """How a variable lies on its grid.

    Attributes
    ----------
    dims
        The file's names of the dimensions that the grid takes, in the grid's order.
    mesh
        The grid.
    order
        For each of the dimensions the file's indices in the order of the grid; None for the file's own order.
    """

    dims: tuple[str, ...]
    mesh: Mesh
    order: tuple[np.ndarray, ...] | None = None

    def arrange(self, values: np.ndarray, dims: Sequence[str]) -> np.ndarray:
        """Return values with axes `dims` in any order as fields of the grid's shape, behind axes that it does not take."""
        others = [dim for dim in dims if dim not in self.dims]
        values = values.transpose([list(dims).index(dim) for dim in (*others, *self.dims)])
        for axis, indices in enumerate(self.order or ()):
            values = values.take(indices, axis=len(others) + axis)
        return np.ascontiguousarray(values)

    def position(self, cell: int) -> dict[str, int]:
        """Return the file's index on each dimension of a cell, which is numbered as the grid does."""
        return {dim: int(k[0]) for dim, k in self.positions(np.array([cell])).items()}

    def positions(self, cells: np.ndarray) -> dict[str, np.ndarray]:
        """Return the file's indices on each dimension of cells (k,), which are numbered as the grid does."""
        indices = np.unravel_index(cells, self.mesh.shape)
        if self.order is not None:
            indices = tuple(order[k] for order, k in zip(self.order, indices, strict=True))
        return dict(zip(self.dims, indices, strict=True))


def layout(array: xr.DataArray, source: xr.Dataset) -> Layout | None:
    """Return the layout of a variable of a dataset, or None where it does not lie on the Earth.

    Raises
    ------
    InputError
        If it has coordinates that are no grid: of unlike dimensions, missing, repeated.
    """
    pair = _latitude_longitude(array)
    described = healpix_of(array, source) or projected_of(array, source, pair)
    if described is not None:
        return Layout(*described)
    if pair is None or 0 in (pair[0].ndim, pair[1].ndim):
        return None
    return _by_places(array, source, *pair)


def _by_places(array: xr.DataArray, source: xr.Dataset, latitude: xr.DataArray, longitude: xr.DataArray) -> Layout | None:
    if latitude.dims == longitude.dims and latitude.ndim == 1:
        return Layout(*unstructured(latitude, longitude, source))
    if latitude.dims == longitude.dims and latitude.ndim == 2:
        return Layout(*curvilinear(array, latitude, longitude))
    if latitude.ndim != 1 or longitude.ndim != 1:
        raise InputError(
            f"variable {array.name!r} lies on a grid that cannot be drawn: latitude has dimensions {_dims(latitude)}, "
            f"longitude {_dims(longitude)}; expected one dimension each, or the same one or two for both"
        )
    return _regular(array, latitude, longitude)


def _latitude_longitude(array: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray] | None:
    # An attribute decides where there is one; a name (lat, latitude, nav_lat) counts where there is none.
    for view in (array, array.cf.guess_coord_axis()):
        known = view.cf.coordinates
        norths = [view[name] for name in known.get("latitude", [])]
        easts = [view[name] for name in known.get("longitude", [])]
        pairs = [(north, east) for north in norths for east in easts]
        # Where a file has several, those that belong together come first.
        pairs.sort(key=lambda pair: pair[0].dims != pair[1].dims or pair[0].ndim == 0)
        if pairs:
            return pairs[0]
    return None


def _regular(array: xr.DataArray, latitude: xr.DataArray, longitude: xr.DataArray) -> Layout | None:
    if array.sizes[latitude.dims[0]] < 2 or array.sizes[longitude.dims[0]] < 2:
        return None
    degrees_north = latitude.values.astype(np.float64)
    degrees_east = longitude.values.astype(np.float64)
    if not (np.isfinite(degrees_north).all() and np.isfinite(degrees_east).all()):
        raise InputError(f"the latitudes or longitudes of variable {array.name!r} have missing values")
    rows = np.argsort(degrees_north, kind="stable")
    columns, west_to_east = _without_seam(degrees_east)
    grid = LatLonGrid(torch.from_numpy(degrees_north[rows]), torch.from_numpy(west_to_east))
    return Layout((str(latitude.dims[0]), str(longitude.dims[0])), RegularMesh(grid), (rows, columns))


def _dims(coordinate: xr.DataArray) -> str:
    return "(" + ", ".join(map(str, coordinate.dims)) + ")"


def _without_seam(longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the order of the columns from west to east, and their longitudes, increasing.

    The seam is put where the widest gap is, so that a domain across the dateline stays in one piece; on a global grid,
    where all gaps are alike, it is put at ±180.
    """
    wrapped = (longitude + 180) % 360 - 180
    wrapped[np.isclose(wrapped, 180)] = -180
    order = np.argsort(wrapped, kind="stable")
    # A global grid may repeat its first meridian as its last (0 and 360): the repetition is left out.
    order = order[np.r_[True, np.diff(wrapped[order]) > 1e-6]]
    line = wrapped[order]
    gaps = np.diff(np.r_[line, line[0] + 360])
    if gaps.max() > 1.5 * np.median(gaps):
        start = (int(gaps.argmax()) + 1) % len(line)
        order = np.r_[order[start:], order[:start]]
        line = np.r_[line[start:], line[:start] + 360]
    return order, line

"""Cells of a grid gathered into groups: circles of latitude, columns of longitude, regions; and means over them."""

from dataclasses import dataclass

import numpy as np

from backends.errors import InputError
from backends.fields.areas import cell_areas
from backends.fields.meshes import Mesh, RegularMesh, extent_of
from backends.fields.regions import Region


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of cells.

    Attributes
    ----------
    cells
        Their numbers, group by group, (k,).
    first
        Where each group begins in them, increasing, (G,); no group is empty.
    weight
        Of each cell in the mean of its group, (k,).
    at
        What a group lies at: its latitude or its longitude, the mean of those of its cells; degrees, increasing, (G,).
    """

    cells: np.ndarray
    first: np.ndarray
    weight: np.ndarray
    at: np.ndarray

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Return weighted means of values (..., k) over each group, (..., G), of those that are not missing; NaN of none."""
        there = np.isfinite(values)
        weight = np.where(there, self.weight, 0.0)
        total = np.add.reduceat(np.where(there, values, 0.0) * weight, self.first, axis=-1)
        weights = np.add.reduceat(weight, self.first, axis=-1)
        return np.divide(total, weights, out=np.full(total.shape, np.nan), where=weights > 0)


def by_latitude(mesh: Mesh, west: float | None = None, east: float | None = None) -> Groups:
    """Return the circles of latitude, or their parts from `west` to `east` (degrees, on any branch).

    On a latitude–longitude grid each row is one, otherwise they are as wide as the cells.

    Raises
    ------
    InputError
        If no cell lies there.
    """
    latitude, longitude = mesh.places()
    inside = np.isfinite(latitude)
    if west is not None and east is not None and east - west < 360:
        inside &= (longitude - west) % 360 <= (east - west) % 360
    return _gathered(_circles(mesh, latitude), latitude, inside, cell_areas(mesh), f"from {west}°E to {east}°E")


def by_longitude(mesh: Mesh, south: float, north: float) -> Groups:
    """Return the columns of longitude between two latitudes, in degrees.

    On a latitude–longitude grid each column is one, otherwise they are as wide as the cells.

    Raises
    ------
    InputError
        If no cell lies there, or `south` is not below `north`.
    """
    if not south < north:
        raise InputError(f"the southern edge of a band must be below its northern one; came {south:g} and {north:g}°N")
    latitude, longitude = mesh.places()
    inside = np.isfinite(latitude) & (latitude >= south - 1e-6) & (latitude <= north + 1e-6)
    if not isinstance(mesh, RegularMesh):
        west = extent_of(mesh).west
        longitude = west + (longitude - west) % 360
    number = _columns(mesh, longitude, (south + north) / 2)
    return _gathered(number, longitude, inside, cell_areas(mesh), f"from {south:g} to {north:g}°N")


def of_region(mesh: Mesh, region: Region) -> Groups:
    """Return the cells of a region as a single group, at 0.

    Raises
    ------
    InputError
        If no cell lies in it.
    """
    inside = region.holds(*mesh.places())
    return _gathered(np.zeros(inside.size, dtype=np.int64), np.zeros(inside.size), inside, cell_areas(mesh), "in the region")


def _circles(mesh: Mesh, latitude: np.ndarray) -> np.ndarray:
    """Return the number of each cell's circle of latitude, from the south."""
    if isinstance(mesh, RegularMesh):
        return np.repeat(np.arange(mesh.shape[0]), mesh.shape[1])
    extent = extent_of(mesh)
    return _bins(latitude, extent.south, extent.north, spacing(mesh))


def _columns(mesh: Mesh, longitude: np.ndarray, latitude: float) -> np.ndarray:
    """Return the number of each cell's column, from the west; as wide as a cell at a latitude."""
    if isinstance(mesh, RegularMesh):
        return np.tile(np.arange(mesh.shape[1]), mesh.shape[0])
    extent = extent_of(mesh)
    return _bins(longitude, extent.west, extent.east, min(spacing(mesh) / max(np.cos(np.deg2rad(latitude)), 0.1), 30.0))


def _bins(places: np.ndarray, low: float, high: float, step: float) -> np.ndarray:
    count = max(1, round((high - low) / step))
    return ((np.nan_to_num(places) - low) / (high - low) * count).astype(np.int64).clip(0, count - 1)


def spacing(mesh: Mesh) -> float:
    """Return the usual distance between neighbouring cells, degrees of a great circle: the root of the area of one."""
    extent = extent_of(mesh)
    sines = np.sin(np.deg2rad([extent.south, extent.north]))
    steradians = np.deg2rad(extent.east - extent.west) * (sines[1] - sines[0])
    return float(np.rad2deg(np.sqrt(steradians / np.prod(mesh.shape))))


def _gathered(number: np.ndarray, places: np.ndarray, inside: np.ndarray, areas: np.ndarray, where: str) -> Groups:
    """Return the groups of the cells that lie inside, in the order of their numbers."""
    cells = np.flatnonzero(inside)
    if not cells.size:
        raise InputError(f"no cell of the grid lies {where}")
    cells = cells[np.argsort(number[cells], kind="stable")]
    first = np.unique(number[cells], return_index=True)[1]
    count = np.diff(np.r_[first, cells.size])
    # A row right at a pole has no area, and a mean all the same.
    return Groups(cells, first, np.maximum(areas[cells], 1e-12), np.add.reduceat(places[cells], first) / count)

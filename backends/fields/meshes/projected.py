"""Grids that are regular in a projection of their own: rotated poles, Lambert, and what else PROJ knows."""

from functools import cached_property

import numpy as np
from pyproj import CRS, Transformer

from backends.fields.meshes.mesh import key_of, nearest_on


class ProjectedMesh:
    """A rectangle of cells in a map projection; places are projected and then found along each axis.

    Parameters
    ----------
    crs
        The projection.
    x, y
        Increasing or decreasing coordinates, (nx,) and (ny,): metres, or degrees where the projection is a rotation.
    kind
        What a person calls the grid.
    """

    def __init__(self, crs: CRS, x: np.ndarray, y: np.ndarray, kind: str) -> None:
        self.crs, self.x, self.y, self.kind = crs, x, y, kind
        self.shape = (len(y), len(x))
        self.key = key_of("projected", crs.to_wkt(), x, y)

    @cached_property
    def _transformer(self) -> Transformer:
        # Between the latitudes of the projection's own ellipsoid and the projection: no change of datum. A rotated pole is
        # geodetic itself, and what it was rotated from is its source.
        geodetic = self.crs.source_crs if self.crs.is_geographic else self.crs.geodetic_crs
        assert geodetic is not None
        return Transformer.from_crs(geodetic, self.crs, always_xy=True)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of all cells."""
        x, y = np.meshgrid(self.x, self.y)
        longitude, latitude = self._transformer.transform(x.ravel(), y.ravel(), direction="INVERSE")
        return latitude, longitude

    def locate(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return the nearest row and column in the projection."""
        shape = latitude.shape
        x, y = self._project(latitude.ravel(), longitude.ravel())
        column, row = _along(self.x, x), _along(self.y, y)
        return np.where((row < 0) | (column < 0), -1, row * self.shape[1] + column).reshape(shape)

    def between(self, latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the four cells round places (p,) and their bilinear weights, (p, 4) each; NaN beyond the outermost middles."""
        rows, columns = self.shape
        x, y = self._project(latitude, longitude)
        column, row = _fraction(self.x, x), _fraction(self.y, y)
        left = np.clip(np.nan_to_num(column), 0, columns - 2).astype(np.int64)
        low = np.clip(np.nan_to_num(row), 0, rows - 2).astype(np.int64)
        a, b, cell = column - left, row - low, low * columns + left
        cells = np.stack([cell, cell + 1, cell + columns, cell + columns + 1], axis=1)
        return cells, np.stack([(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b], axis=1)

    def _project(self, latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = (np.asarray(v) for v in self._transformer.transform(longitude, latitude))
        if self.crs.is_geographic:  # rotated longitudes: on the branch of the grid
            west = float(self.x.min()) - abs(float(self.x[1] - self.x[0])) / 2
            x = west + (x - west) % 360
        return x, y

    def facts(self) -> dict[str, object]:
        """Return rows, columns, their steps in the projection's unit, and its name."""
        x_step, y_step = (round(float(np.abs(np.diff(axis)).mean()), 6) for axis in (self.x, self.y))
        return {"rows": self.shape[0], "columns": self.shape[1], "x_step": x_step, "y_step": y_step}


def _along(axis: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    wanted = np.where(np.isfinite(wanted), wanted, np.nan)  # PROJ gives infinity for what it cannot project
    if axis[0] < axis[-1]:
        return nearest_on(axis, wanted)
    found = nearest_on(axis[::-1], wanted)
    return np.where(found < 0, -1, len(axis) - 1 - found)


def _fraction(axis: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return positions between the entries of an axis, from 0; NaN beyond its ends."""
    numbers = np.arange(len(axis), dtype=float)
    if axis[0] > axis[-1]:
        axis, numbers = axis[::-1], numbers[::-1]
    return np.interp(wanted, axis, numbers, left=np.nan, right=np.nan)

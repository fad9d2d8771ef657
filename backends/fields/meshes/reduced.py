"""Reduced Gaussian grids: full circles of latitude with fewer points towards the poles."""

import numpy as np

from backends.fields.meshes.mesh import key_of


class ReducedMesh:
    """Rows of evenly spaced points all round the Earth; the cell is found by its row and then along it.

    Parameters
    ----------
    latitude
        Of each row, degrees, from north to south or south to north, (rows,).
    count
        Points of each row.
    first
        Longitude of the first point of each row, degrees.
    """

    kind = "reduced Gaussian"

    def __init__(self, latitude: np.ndarray, count: np.ndarray, first: np.ndarray) -> None:
        self.latitude, self.count, self.first = latitude, count, first
        self.start = np.r_[0, np.cumsum(count)[:-1]]
        self.shape = (int(count.sum()),)
        self.key = key_of("reduced", latitude, count, first)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of all points."""
        along = np.arange(self.shape[0]) - np.repeat(self.start, self.count)
        longitude = np.repeat(self.first, self.count) + along * np.repeat(360 / self.count, self.count)
        return np.repeat(self.latitude, self.count), longitude

    def locate(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return the nearest point of the nearest row; the outermost rows reach to the poles."""
        order = np.argsort(self.latitude)
        rows = self.latitude[order]
        row = order[np.searchsorted((rows[:-1] + rows[1:]) / 2, latitude)]
        there = np.isfinite(latitude) & np.isfinite(longitude)
        steps = np.where(there, (longitude - self.first[row]) * self.count[row] / 360, 0)
        number = self.start[row] + np.rint(steps).astype(np.int64) % self.count[row]
        return np.where(there, number, -1)

    def facts(self) -> dict[str, object]:
        """Return the number of rows, and of points on the shortest and the longest."""
        return {
            "rows": len(self.count),
            "points": self.shape[0],
            "fewest": int(self.count.min()),
            "most": int(self.count.max()),
        }


def rows_of(latitude: np.ndarray, longitude: np.ndarray) -> ReducedMesh | None:
    """Return the grid of points that come row by row, or None where they are no such grid.

    Parameters
    ----------
    latitude, longitude
        Of all points in the file's order, (n,), degrees.
    """
    begins = np.r_[0, np.flatnonzero(np.diff(latitude)) + 1]
    count = np.diff(np.r_[begins, len(latitude)])
    if len(begins) < 4 or count.min() < 4 or len(np.unique(latitude[begins])) < len(begins):
        return None
    slopes = np.diff(latitude[begins])
    if not ((slopes > 0).all() or (slopes < 0).all()):
        return None
    if slopes.size and 90 - np.abs(latitude).max() > 2 * np.abs(slopes).max():
        return None  # a zone that ends before the poles
    mesh = ReducedMesh(latitude[begins], count, longitude[begins])
    away = (mesh.places()[1] - longitude + 180) % 360 - 180
    return mesh if np.abs(away * np.repeat(count, count) / 360).max() < 0.05 else None

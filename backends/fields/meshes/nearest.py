"""Any places at all: the cell is that of the nearest one."""

from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from backends.fields.meshes.mesh import key_of, on_sphere

#: Neighbours that tell how far apart points are where nothing else does.
NEIGHBOURS = 4


class NearestMesh:
    """Points, or a curvilinear grid, each with the places that are nearest to it; found by a tree of unit vectors.

    A place belongs to no cell if it is farther from the nearest point than that point's neighbours suggest: half the
    diagonal of a cell of a curvilinear grid, three quarters of the distance to the fourth neighbour elsewhere.

    Parameters
    ----------
    latitude, longitude
        Degrees, of the shape of the field; NaN where a cell lies nowhere, as over land in some ocean models.
    kind
        What a person calls the grid.
    """

    def __init__(self, latitude: np.ndarray, longitude: np.ndarray, kind: str) -> None:
        self.kind, self.shape = kind, latitude.shape
        self._latitude, self._longitude = latitude.ravel(), longitude.ravel()
        self.key = key_of("nearest", self.shape, self._latitude, self._longitude)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of all points."""
        return self._latitude, self._longitude

    def locate(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return the nearest point within reach."""
        known, tree, reach = self._tree
        there = np.isfinite(latitude) & np.isfinite(longitude)
        result = np.full(there.shape, -1, dtype=np.int64)
        # Without a bound, places far away from a regional grid would take the longest.
        distance, found = tree.query(on_sphere(latitude[there], longitude[there]), distance_upper_bound=reach.max() * 1.001)
        found = np.minimum(found, len(known) - 1)  # what has no neighbour is at an infinite distance
        result[there] = np.where(distance <= reach[found], known[found], -1)
        return result

    @cached_property
    def _tree(self) -> tuple[np.ndarray, cKDTree, np.ndarray]:
        """Numbers of the cells that lie somewhere, a tree of them, and how far each reaches (length of a chord)."""
        known = np.flatnonzero(np.isfinite(self._latitude) & np.isfinite(self._longitude))
        points = on_sphere(self._latitude[known], self._longitude[known])
        tree = cKDTree(points, balanced_tree=False)  # cut at sliding middles: built faster, searched as fast
        if len(self.shape) == 2:
            return known, tree, _half_diagonals(self._latitude, self._longitude, self.shape)[known]
        count = min(NEIGHBOURS, len(known) - 1)
        away = tree.query(points, k=count + 1)[0][:, -1] if count else np.full(1, 0.02)
        return known, tree, 0.75 * away

    def facts(self) -> dict[str, object]:
        """Return the number of points, and rows and columns where there are such."""
        named = {"rows": self.shape[0], "columns": self.shape[1]} if len(self.shape) == 2 else {}
        return {**named, "points": len(self._latitude)}


def _half_diagonals(latitude: np.ndarray, longitude: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return half the diagonals of the cells of a curvilinear grid, (n,), with a tenth for cells that are skewed."""
    points = on_sphere(latitude, longitude).reshape(*shape, 3)
    squares = np.zeros(shape)
    for axis in (0, 1):
        step = np.linalg.norm(np.diff(points, axis=axis), axis=-1)
        before = np.insert(step, 0, np.nan, axis=axis)
        after = np.insert(step, step.shape[axis], np.nan, axis=axis)
        squares += np.nan_to_num(np.fmax(before, after)) ** 2
    # Where all neighbours lie nowhere, the usual size.
    squares[squares == 0] = np.median(squares[squares > 0]) if (squares > 0).any() else 0.02**2
    return 0.55 * np.sqrt(squares).ravel()

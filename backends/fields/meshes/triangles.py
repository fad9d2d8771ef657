"""Unstructured triangles, as ICON has them: the cell is the triangle that holds a place."""

from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from backends.errors import InputError
from backends.fields.meshes.mesh import key_of, on_sphere

#: Triangles, nearest centres first, that are tried for a place.
TRIED = 12


class TriangleMesh:
    """Triangles on the sphere, whose edges are great circles.

    Parameters
    ----------
    latitude, longitude
        Of the centres, degrees, (n,).
    corner_latitude, corner_longitude
        Of the corners, degrees, (n, 3).

    Raises
    ------
    InputError
        If the shapes do not belong together.
    """

    kind = "triangles"

    def __init__(
        self, latitude: np.ndarray, longitude: np.ndarray, corner_latitude: np.ndarray, corner_longitude: np.ndarray
    ) -> None:
        expected = (len(latitude), 3)
        if corner_latitude.shape != expected or corner_longitude.shape != expected:
            raise InputError(
                f"the corners of {len(latitude)} triangles must have the shape {expected}; came {corner_latitude.shape}"
            )
        self._latitude, self._longitude = latitude, longitude
        self.corner_latitude, self.corner_longitude = corner_latitude, corner_longitude
        self.shape = (len(latitude),)
        self.key = key_of("triangles", latitude, longitude, corner_latitude, corner_longitude)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of the centres."""
        return self._latitude, self._longitude

    def locate(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return the triangle that holds a place, looked for among those with the nearest centres."""
        tree, normals, reach = self._found
        there = np.isfinite(latitude) & np.isfinite(longitude)
        points = on_sphere(latitude[there], longitude[there])
        result = np.full(len(points), -1, dtype=np.int64)
        left, tried = np.arange(len(points)), 1
        while len(left) and tried <= min(TRIED, self.shape[0]):  # most are in the first triangle that is tried
            distance, candidates = (
                found[:, 0] for found in tree.query(points[left], k=[tried], distance_upper_bound=reach * 1.001)
            )
            left, candidates = left[distance <= reach], candidates[distance <= reach]
            # A place on an edge may miss both triangles by a rounding error.
            holds = (np.einsum("pej,pj->pe", normals[candidates], points[left]) >= -1e-12).all(1)
            result[left[holds]] = candidates[holds]
            left, tried = left[~holds], tried + 1
        numbers = np.full(there.shape, -1, dtype=np.int64)
        numbers[there] = result
        return numbers

    @cached_property
    def _found(self) -> tuple[cKDTree, np.ndarray, float]:
        """A tree of the centres; normals (n, 3, 3) of the planes of the edges, pointing inward; farthest corner (chord)."""
        corners = on_sphere(self.corner_latitude, self.corner_longitude)
        centres = on_sphere(self._latitude, self._longitude)
        normals = np.cross(corners, np.roll(corners, -1, axis=1))
        normals *= np.sign(np.einsum("nej,nj->ne", normals, corners.mean(1)))[..., None]
        reach = float(np.linalg.norm(corners - centres[:, None], axis=-1).max())
        return cKDTree(centres, balanced_tree=False), normals, reach

    def facts(self) -> dict[str, object]:
        """Return the number of triangles."""
        return {"points": self.shape[0]}

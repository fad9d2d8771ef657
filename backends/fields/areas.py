"""How much of the Earth each cell of a grid stands for."""

from weakref import WeakKeyDictionary

import numpy as np

from backends.fields.meshes import Mesh, RegularMesh
from backends.fields.meshes.mesh import on_sphere
from backends.fields.meshes.nearest import NearestMesh

#: Of grids that are not regular, found once for each as long as it is in use: a map that plays asks for them again and again.
_areas: WeakKeyDictionary[Mesh, np.ndarray] = WeakKeyDictionary()


def cell_areas(mesh: Mesh) -> np.ndarray:
    """Return the areas of all cells up to one common factor, (n,); 0 for cells that lie nowhere.

    On latitude–longitude grids they go with cos φ. On other grids of rows and columns they are those of the parallelogram
    between neighbouring places, |∂r/∂i × ∂r/∂j| with unit vectors r. Grids without rows and columns (reduced Gaussian,
    HEALPix, triangles, scattered points) are taken to have cells of one size, which is what the first three are made for.
    """
    if isinstance(mesh, RegularMesh):
        rows = np.cos(np.deg2rad(mesh.grid.latitude.numpy())).clip(min=0)
        return np.repeat(rows, mesh.shape[1])
    if mesh not in _areas:
        _areas[mesh] = _irregular(mesh)
        _areas[mesh].flags.writeable = False
    return _areas[mesh]


def areas_known(mesh: Mesh) -> bool:
    """Return whether areas are those of cells, not of scattered points, which count alike."""
    return not (isinstance(mesh, NearestMesh) and len(mesh.shape) == 1)


def _irregular(mesh: Mesh) -> np.ndarray:
    latitude, longitude = mesh.places()
    there = np.isfinite(latitude) & np.isfinite(longitude)
    if len(mesh.shape) != 2 or min(mesh.shape) < 2:
        return there.astype(np.float64)
    places = on_sphere(latitude, longitude).reshape(*mesh.shape, 3)
    down, along = np.gradient(places, axis=(0, 1))
    areas = np.linalg.norm(np.cross(down, along), axis=-1).ravel()
    return np.where(there & np.isfinite(areas), areas, 0.0)

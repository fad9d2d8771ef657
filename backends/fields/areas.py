"""How much of the Earth each cell of a grid stands for."""

import numpy as np

from backends.fields.meshes import Mesh, RegularMesh
from backends.fields.meshes.mesh import on_sphere


def cell_areas(mesh: Mesh) -> np.ndarray:
    """Return the areas of all cells up to one common factor, (n,); 0 for cells that lie nowhere.

    On latitude–longitude grids they go with cos φ. On other grids of rows and columns they are those of the parallelogram
    between neighbouring places, |∂r/∂i × ∂r/∂j| with unit vectors r. Grids without rows and columns (reduced Gaussian,
    HEALPix, triangles, scattered points) are taken to have cells of one size, which is what the first three are made for.
    """
    if isinstance(mesh, RegularMesh):
        rows = np.cos(np.deg2rad(mesh.grid.latitude.numpy())).clip(min=0)
        return np.repeat(rows, mesh.shape[1])
    latitude, longitude = mesh.places()
    there = np.isfinite(latitude) & np.isfinite(longitude)
    if len(mesh.shape) != 2 or min(mesh.shape) < 2:
        return there.astype(np.float64)
    places = on_sphere(latitude, longitude).reshape(*mesh.shape, 3)
    down, along = np.gradient(places, axis=(0, 1))
    areas = np.linalg.norm(np.cross(down, along), axis=-1).ravel()
    return np.where(there & np.isfinite(areas), areas, 0.0)

"""What a field has between the middles of its cells, on other than latitude–longitude grids."""

import numpy as np

from backends.fields.meshes.mesh import Mesh
from backends.fields.meshes.projected import ProjectedMesh


def between(mesh: Mesh, latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells that a field's value at places (p,) is made of, and their weights, (p, k) each; NaN outside the grid.

    Bilinear on grids that are regular in a projection of their own; on others it is the value of the cell that holds the place.
    """
    if isinstance(mesh, ProjectedMesh):
        return mesh.between(latitude, longitude)
    cells = mesh.locate(latitude, longitude)
    return np.maximum(cells, 0)[:, None], np.where(cells < 0, np.nan, 1.0)[:, None]

"""Latitude–longitude grids, evenly spaced or Gaussian: the cell is found along each axis."""

import numpy as np
import torch

from backends.fields.meshes.mesh import key_of, nearest_on
from backends.geometry.grid import LatLonGrid


class RegularMesh:
    """The cells of a :class:`LatLonGrid`, row by row from the south-west corner."""

    def __init__(self, grid: LatLonGrid) -> None:
        self.grid, self.shape = grid, grid.shape
        self.key = key_of("regular", grid.latitude.numpy(), grid.longitude.numpy())
        self.kind = "regular latitude-longitude" if _even(grid) else "rectilinear latitude-longitude"

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of all cells."""
        nodes = self.grid.nodes()
        return nodes.latitude.numpy(), nodes.longitude.numpy()

    def locate(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return the nearest row and the nearest column; a global grid's outermost rows reach to the poles."""
        rows, columns = self.grid.latitude.numpy(), self.grid.longitude.numpy()
        if self.grid.periodic:
            south, north = rows[0] - (rows[1] - rows[0]), rows[-1] + (rows[-1] - rows[-2])
            latitude = np.where((latitude < rows[0]) & (south <= -90), rows[0], latitude)
            latitude = np.where((latitude > rows[-1]) & (north >= 90), rows[-1], latitude)
        west = self.grid.edges()[0]
        longitude = west + (longitude - west) % 360
        if self.grid.periodic:  # what is past the middle of the gap is nearest to the first column
            columns = np.r_[columns, columns[0] + 360]
        row, column = nearest_on(rows, latitude), nearest_on(columns, longitude)
        nx = self.shape[1]
        return np.where((row < 0) | (column < 0), -1, row * nx + column % nx)

    def facts(self) -> dict[str, object]:
        """Return rows, columns, the mean steps, and whether the grid closes round the Earth."""
        steps = {"latitude_step": self.grid.latitude.diff(), "longitude_step": self.grid.longitude.diff()}
        return {
            "rows": self.shape[0],
            "columns": self.shape[1],
            **{name: round(float(step.mean()), 6) for name, step in steps.items()},
            "global": self.grid.periodic,
        }


def _even(grid: LatLonGrid) -> bool:
    return all(bool(torch.allclose(step, step.mean(), rtol=1e-3)) for step in (grid.latitude.diff(), grid.longitude.diff()))

"""Which way the rows of a grid run on the Earth, and winds along them as winds to the east and the north."""

from collections.abc import Mapping
from weakref import WeakKeyDictionary

import numpy as np
import xarray as xr

from backends.fields.field import Variable
from backends.fields.meshes import Mesh, ProjectedMesh
from backends.fields.meshes.mesh import on_sphere

_angles: WeakKeyDictionary[Mesh, np.ndarray] = WeakKeyDictionary()


def rows_are_known(variable: Variable) -> bool:
    """Return whether it is known which of the directions of a grid is x: of a CF projection, and of GRIB in plain rows."""
    mesh, attributes = variable.mesh, variable.attributes
    if len(mesh.shape) != 2 or mesh.shape[1] < 3:
        return False
    other_order = (attributes.get(f"GRIB_{key}") == "1" for key in ("jPointsAreConsecutive", "alternativeRowScanning"))
    return isinstance(mesh, ProjectedMesh) or ("GRIB_iScansNegatively" in attributes and not any(other_order))


def turned(u: np.ndarray, v: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eastward and northward wind of one along x and y; `angle` is that from east to x, counter-clockwise, radians."""
    return u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)


def angles(variable: Variable, dims: tuple[str, ...], part: Mapping[str, int | slice]) -> xr.DataArray:
    """Return the angles from east to x, counter-clockwise, radians, in a part of the variable's grid.

    Parameters
    ----------
    variable
        On a grid whose rows are known.
    dims
        The file's dimensions of the grid, rows first.
    part
        One index or a slice for each of them.
    """
    mesh = variable.mesh
    if mesh not in _angles:
        _angles[mesh] = _along_rows(mesh)
    decreasing = isinstance(mesh, ProjectedMesh) and mesh.x[0] > mesh.x[-1]
    backwards = decreasing or variable.attributes.get("GRIB_iScansNegatively") == "1"
    whole = xr.DataArray(_angles[mesh], dims=dims)
    return whole.isel({dim: part[dim] for dim in dims}) + (np.pi if backwards else 0.0)


def _along_rows(mesh: Mesh) -> np.ndarray:
    """Return the angle of the chord between the neighbours to both sides; at the ends of a row that of a parabola."""
    north, east = (places.reshape(mesh.shape) for places in mesh.places())
    along = np.gradient(on_sphere(north, east), axis=1, edge_order=2)
    phi, lam = np.deg2rad(north), np.deg2rad(east)
    eastward = -np.sin(lam) * along[..., 0] + np.cos(lam) * along[..., 1]
    northward = np.cos(phi) * along[..., 2] - np.sin(phi) * (np.cos(lam) * along[..., 0] + np.sin(lam) * along[..., 1])
    return np.arctan2(northward, eastward).astype(np.float32)

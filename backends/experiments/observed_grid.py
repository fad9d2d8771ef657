"""The part of a field round observations, on a latitude–longitude grid that is not too large for an analysis."""

import numpy as np
import torch

from backends.errors import InputError
from backends.fields.compare import regrid
from backends.fields.field import Field
from backends.fields.meshes import RegularMesh
from backends.fields.raster import Window
from backends.geometry.grid import LatLonGrid

#: Degrees that an area reaches beyond its observations on each side, so that their increments have room.
ROOM = 3.0
#: Spacings of the grids that fields are brought onto, degrees; 360° is a multiple of each.
SPACINGS = (
    0.01, 0.02, 0.025, 0.05, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.375, 0.4, 0.5, 0.6, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0,
    5.0, 6.0, 7.5, 10.0, 15.0,
)  # fmt: skip


def on_region(field: Field, observed: Window, points: int) -> tuple[LatLonGrid, np.ndarray, str]:
    """Return a grid of at most so many points, the field on it, (ny, nx), and what was done, empty where nothing was.

    A latitude–longitude grid that is small enough stays whole. A larger one is cut to the area of the observations. What is
    still too large, or on another kind of grid, is interpolated to even steps.

    Parameters
    ----------
    field
        On any grid.
    observed
        Where the observations are, on any branch of longitude.
    points
        Most points.

    Raises
    ------
    InputError
        If the field has no two rows and columns there.
    """
    mesh, area = field.variable.mesh, _with_room(observed)
    limits = (area.west, area.east, area.south, area.north)
    if isinstance(mesh, RegularMesh):
        if mesh.grid.size <= points:
            return mesh.grid, field.values, ""
        rows, columns, longitude = _part(mesh.grid, area)
        if min(len(rows), len(columns)) < 2:
            raise InputError(f"{field.variable.title} has no two rows and columns round the observations")
        grid = LatLonGrid(mesh.grid.latitude[rows], torch.from_numpy(longitude))
        if grid.size <= points:
            return grid, field.values[np.ix_(rows, columns)], f"cut to {_words(grid)} round the observations"
        west, east = float(longitude[0]), float(longitude[-1])
        limits = (west, west + 360 if grid.periodic else east, float(grid.latitude[0]), float(grid.latitude[-1]))
    target, spacing = even_grid(*limits, points)
    values, how = regrid(field.values, mesh, RegularMesh(target))
    how = {"bilinear": "interpolated bilinearly", "nearest cell": "the value of the nearest cell taken"}[how]
    return target, values, f"{how} at {_words(target)} every {spacing:g}°"


def even_grid(west: float, east: float, south: float, north: float, points: int) -> tuple[LatLonGrid, float]:
    """Return the finest grid of even steps inside a box that has at most so many points, and its spacing in degrees."""
    for spacing in SPACINGS:
        latitude = _multiples(south, north, spacing)
        if east - west >= 360 - 1e-9:
            longitude = west + spacing * np.arange(round(360 / spacing))
        else:
            longitude = _multiples(west, east, spacing)
        if len(latitude) * len(longitude) <= points:
            if min(len(latitude), len(longitude)) < 2:
                break
            return LatLonGrid(torch.from_numpy(latitude), torch.from_numpy(longitude)), spacing
    raise InputError(f"no grid of at most {points} points has two rows and columns round the observations")


def _multiples(low: float, high: float, spacing: float) -> np.ndarray:
    first, last = int(np.ceil(low / spacing - 1e-9)), int(np.floor(high / spacing + 1e-9))
    return np.arange(first, last + 1) * spacing


def _with_room(area: Window) -> Window:
    """Return an area with room round it; the whole circle where that closes it."""
    south, north = max(area.south - ROOM, -90.0), min(area.north + ROOM, 90.0)
    if area.east - area.west + 2 * ROOM >= 360:
        return Window(-180.0, 180.0, south, north)
    return Window(area.west - ROOM, area.east + ROOM, south, north)


def _part(grid: LatLonGrid, area: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows, columns from west to east, and the columns' longitudes on the area's branch, of a part of a grid."""
    rows = np.flatnonzero((grid.latitude.numpy() >= area.south) & (grid.latitude.numpy() <= area.north))
    if area.east - area.west >= 360:
        return rows, np.arange(len(grid.longitude)), grid.longitude.numpy()
    along = (grid.longitude.numpy() - area.west) % 360
    columns = np.flatnonzero(along <= area.east - area.west)
    columns = columns[np.argsort(along[columns])]
    return rows, columns, area.west + along[columns]


def _words(grid: LatLonGrid) -> str:
    return f"{grid.shape[0]} × {grid.shape[1]} points"

"""Maps of values on the grid of a variable, and their places in files and tables."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backends.fields.field import Field, Variable
from backends.fields.meshes import Mesh, RegularMesh
from backends.fields.picture import pixels, rasterise
from backends.fields.views import View
from backends.pictures.drawing import Curve, MapPanel, Points, Table, labelled
from backends.pictures.style import MARKERS, PICKED, FieldStyle, style_of, units_label

LATITUDE = {"standard_name": "latitude", "units": "degrees_north"}
LONGITUDE = {"standard_name": "longitude", "units": "degrees_east"}


def map_of(
    variable: Variable, values: np.ndarray, view: View | None, title: str, style: FieldStyle, limits: tuple[float, float],
    label: str,
) -> MapPanel:  # fmt: skip
    """Return the map of values on a variable's grid, on degrees where there is no view."""
    raster = pixels(Field(variable, values, {}), view)
    return MapPanel(title, raster, style.palette, limits, label, projection=None if view is None else view.projection)


def small_map(
    field: Field, limits: tuple[float, float], points: Points | None = None, lines: Sequence[Curve] = ()
) -> MapPanel:  # fmt: skip
    """Return the map of a field on degrees with places or lines of whom more is drawn beside it."""
    variable, raster = field.variable, rasterise(field)
    if points is not None:  # on the branch of a map that runs past 180 degrees
        points = replace(points, x=raster.west + (points.x - raster.west) % 360)
    quantity = labelled(variable.title, units_label(variable.units))
    return MapPanel(field.caption, raster, style_of(variable).palette, limits, quantity, points, lines=lines)


def picked(x: np.ndarray, y: np.ndarray) -> Points:
    """Return points that a person has picked, (p,), as many as there are colours, with the markers of these."""
    x, y, colours = x[: len(PICKED)], y[: len(PICKED)], PICKED[: len(x)]
    return Points(x, y, colour=colours, sizes=np.full(len(x), 9.0), markers=[MARKERS[colour] for colour in colours])


def written_place(latitude: float, longitude: float) -> str:
    """Return ``51.50°N 0.25°W``."""
    east = (longitude + 180) % 360 - 180
    north = f"{abs(latitude):.2f}°{'N' if latitude >= 0 else 'S'}"
    return f"{north} {abs(east):.2f}°{'E' if east >= 0 else 'W'}"


def grid_of(mesh: Mesh) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the dimensions of a grid in a file, and its latitudes and longitudes."""
    if isinstance(mesh, RegularMesh):
        grid = mesh.grid
        return ("lat", "lon"), {
            "lat": ("lat", grid.latitude.cpu().numpy().astype(np.float64), LATITUDE),
            "lon": ("lon", grid.longitude.cpu().numpy().astype(np.float64), LONGITUDE),
        }
    dims = ("y", "x") if len(mesh.shape) == 2 else ("cell",)
    north, east = (places.reshape(mesh.shape) for places in mesh.places())
    return dims, {"lat": (dims, north, LATITUDE), "lon": (dims, east, LONGITUDE)}


def cell_table(mesh: Mesh, columns: dict[str, tuple[str, np.ndarray]]) -> Table:
    """Return a row for each cell: its place, and what is given by its name as unit and values."""
    north, east = mesh.places()
    headings = ["latitude [degrees north]", "longitude [degrees east]"]
    headings += [labelled(name, units) for name, (units, _) in columns.items()]
    values = [values.ravel() for _, values in columns.values()]
    return Table(headings, [north.astype(np.float64), east.astype(np.float64), *values])

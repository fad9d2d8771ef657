"""From a file's coordinates to a grid that runs south to north and west to east without a seam."""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from backends.errors import InputError
from backends.geometry.grid import LatLonGrid


@dataclass(frozen=True, eq=False)
class Layout:
    """How a variable lies on its grid.

    `rows` and `columns` are the file's indices in the order of the grid: values[..., rows, :][..., columns].
    """

    latitude_dim: str
    longitude_dim: str
    rows: np.ndarray
    columns: np.ndarray
    grid: LatLonGrid
    longitude_in_file: tuple[float, float]


def layout(array: xr.DataArray) -> Layout | None:
    """Return the layout of a variable, or None where it has no latitude and longitude dimensions.

    Raises
    ------
    InputError
        If it has coordinates that are no rectilinear grid: two-dimensional ones, unstructured ones, repeated values.
    """
    # An attribute decides where there is one; a name (lat, latitude, nav_lat) counts where there is none.
    for view in (array, array.cf.guess_coord_axis()):
        known = view.cf.coordinates
        if "latitude" in known and "longitude" in known:
            latitude, longitude = view[known["latitude"][0]], view[known["longitude"][0]]
            break
    else:
        return None
    if latitude.ndim == 0 or longitude.ndim == 0:
        return None
    if latitude.ndim != 1 or longitude.ndim != 1 or latitude.dims == longitude.dims:
        raise InputError(
            f"variable {array.name!r} lies on a grid that cannot be drawn yet: latitude has dimensions "
            f"{_dims(latitude)}, longitude {_dims(longitude)}; expected one dimension each (a latitude–longitude grid)"
        )
    if array.sizes[latitude.dims[0]] < 2 or array.sizes[longitude.dims[0]] < 2:
        return None
    degrees_north = latitude.values.astype(np.float64)
    degrees_east = longitude.values.astype(np.float64)
    if not (np.isfinite(degrees_north).all() and np.isfinite(degrees_east).all()):
        raise InputError(f"the latitudes or longitudes of variable {array.name!r} have missing values")
    rows = np.argsort(degrees_north, kind="stable")
    columns, west_to_east = _without_seam(degrees_east)
    grid = LatLonGrid(torch.from_numpy(degrees_north[rows]), torch.from_numpy(west_to_east))
    return Layout(
        str(latitude.dims[0]),
        str(longitude.dims[0]),
        rows,
        columns,
        grid,
        (float(degrees_east.min()), float(degrees_east.max())),
    )


def _dims(coordinate: xr.DataArray) -> str:
    return "(" + ", ".join(map(str, coordinate.dims)) + ")"


def _without_seam(longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the order of the columns from west to east, and their longitudes, increasing.

    The seam is put where the widest gap is, so that a domain across the dateline stays in one piece; on a global grid,
    where all gaps are alike, it is put at ±180.
    """
    wrapped = (longitude + 180) % 360 - 180
    wrapped[np.isclose(wrapped, 180)] = -180
    order = np.argsort(wrapped, kind="stable")
    # A global grid may repeat its first meridian as its last (0 and 360): the repetition is left out.
    order = order[np.r_[True, np.diff(wrapped[order]) > 1e-6]]
    line = wrapped[order]
    gaps = np.diff(np.r_[line, line[0] + 360])
    if gaps.max() > 1.5 * np.median(gaps):
        start = (int(gaps.argmax()) + 1) % len(line)
        order = np.r_[order[start:], order[:start]]
        line = np.r_[line[start:], line[:start] + 360]
    return order, line


def grid_description(grid: LatLonGrid) -> dict[str, object]:
    """Return type, size and spacing of a grid, as plain values."""
    steps = {"latitude": grid.latitude.diff(), "longitude": grid.longitude.diff()}
    even = {name: bool(torch.allclose(step, step.mean(), rtol=1e-3)) for name, step in steps.items()}
    return {
        "type": "regular latitude-longitude" if all(even.values()) else "rectilinear latitude-longitude",
        "rows": grid.shape[0],
        "columns": grid.shape[1],
        "latitude_step": round(float(steps["latitude"].mean()), 6),
        "longitude_step": round(float(steps["longitude"].mean()), 6),
        "global": grid.periodic,
    }

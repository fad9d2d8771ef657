"""What the dimensions of a variable stand for, and how each index is called."""

import re

import cf_xarray  # noqa: F401  registers the .cf accessor, which knows the CF conventions' coordinate attributes
import numpy as np
import pandas as pd
import xarray as xr

from backends.fields.field import Axis, Role, time_label

#: What xarray calls the calendar of times that it has decoded.
CALENDAR = "calendar"
MEMBER_NAMES = re.compile(r"^(number|member|members|realization|ensemble|ens|sample)$", re.IGNORECASE)
#: How a unit of a level is written on screen, where files write it otherwise.
LEVEL_UNITS = {"millibars": "hPa", "millibar": "hPa", "mb": "hPa", "hectopascals": "hPa", "1": "", "level": ""}


def describe_axes(array: xr.DataArray, horizontal: tuple[str, ...]) -> tuple[Axis, ...]:
    """Return the axes of all dimensions but the horizontal ones, in the file's order."""
    return tuple(_axis(array, str(dim)) for dim in array.dims if dim not in horizontal)


def _axis(array: xr.DataArray, dim: str) -> Axis:
    coordinate = array[dim]  # xarray makes 0, 1, 2, ... where the file has no coordinate
    role = _role(array, dim)
    if role == "time":
        times = _valid_times(array, dim)
        if times is not None:
            labels = tuple(time_label(t) for t in times)
            return Axis(dim, role, labels, times, tuple(str(t) for t in times))
    values = tuple(v.item() if hasattr(v, "item") else str(v) for v in coordinate.values)
    labels = tuple(_label(v, role, dim, coordinate) for v in values)
    return Axis(dim, role, labels, None, values, _units(coordinate))


def _role(array: xr.DataArray, dim: str) -> Role:
    coordinate = array[dim]
    if MEMBER_NAMES.match(dim) or coordinate.attrs.get("standard_name") == "realization":
        return "member"
    if coordinate.dtype.kind in "mM" or CALENDAR in coordinate.encoding or dim in array.cf.coordinates.get("time", []):
        return "time"
    guessed = array.cf.guess_coord_axis()
    if dim in guessed.cf.coordinates.get("time", []) or dim in guessed.cf.axes.get("T", []):
        return "time"
    if dim in guessed.cf.coordinates.get("vertical", []) or dim in guessed.cf.axes.get("Z", []):
        return "level"
    return "other"


def _valid_times(array: xr.DataArray, dim: str) -> np.ndarray | None:
    """Return valid times along a dimension, from the coordinate itself, from ``valid_time``, or from start plus lead."""
    coordinate = array[dim]
    if coordinate.dtype.kind == "M":
        return coordinate.values.astype("datetime64[s]")
    valid = array.coords.get("valid_time")
    if valid is not None and valid.dims == (dim,) and valid.dtype.kind == "M":
        return valid.values.astype("datetime64[s]")
    starts = [array.coords[name] for name in ("time", "init_time", "forecast_reference_time") if name in array.coords]
    if coordinate.dtype.kind == "m" and starts and starts[0].ndim == 0 and starts[0].dtype.kind == "M":
        return (starts[0].values + coordinate.values).astype("datetime64[s]")
    return None


def fixed_time(array: xr.DataArray) -> np.datetime64 | None:
    """Return the valid time of a variable without a time dimension, or None where it has none or many."""
    for name in ("valid_time", "time"):
        coordinate = array.coords.get(name)
        if coordinate is not None and coordinate.dtype.kind == "M" and coordinate.ndim == 0:
            dims_with_time = [dim for dim in array.dims if _role(array, str(dim)) == "time"]
            return None if dims_with_time else coordinate.values.astype("datetime64[s]")
    return None


def _label(value: object, role: Role, dim: str, coordinate: xr.DataArray) -> str:
    units = _units(coordinate)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if coordinate.dtype.kind == "m":
        return f"+{pd.Timedelta(value, unit='ns').total_seconds() / 3600:g} h"
    if role == "time" and CALENDAR in coordinate.encoding:
        # Dates that numpy does not have, such as 30 February: as xarray and cftime write them, seconds left out.
        return f"{str(value).rpartition(':')[0]}, {coordinate.encoding[CALENDAR]} calendar"
    if role == "member":
        return f"member {text}"
    if role == "level" and units:
        return f"{text} {units}"
    return f"{dim} {text}" + (f" {units}" if units else "")


def _units(coordinate: xr.DataArray) -> str:
    units = str(coordinate.attrs.get("units", ""))
    return LEVEL_UNITS.get(units, units)

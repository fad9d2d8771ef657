"""A background for observations aloft: the climate of their month, from a file of gridded means."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from backends.errors import InputError
from backends.fields.field import Axis, Variable
from backends.observing.operators import LinearOperator
from backends.stations.table import StationTable

if TYPE_CHECKING:
    from backends.fields.dataset import FieldDataset

#: Long names, in lower case, that stand for a CF standard name in files that do not give it.
_LONG_NAMES = {"geopotential": {"geopotential"}, "air_temperature": {"air temperature", "temperature"}}
#: How files write the units of the tables, without blanks and signs of powers.
_UNITS = {"m2 s-2": {"m2s-2", "m2/s2"}, "K": {"K", "kelvin"}}
_IN_HPA = {"hpa": 1.0, "mbar": 1.0, "pa": 0.01, "pascal": 0.01, "pascals": 0.01}
#: A pressure level above this is in Pa even where its unit is not given: no level lies at 2000 hPa.
_GREATEST_HPA = 2000.0


def climate_background(table: StationTable, dataset: "FieldDataset") -> np.ndarray:
    """Return the climate at the stations: the field of the nearest month, interpolated bilinearly.

    Where several times are of that month, or equally near to it, their mean is taken.

    Parameters
    ----------
    table
        Observations at p stations on a pressure level.
    dataset
        Holds the same variable, by its standard or long name, on that level and on a grid around all stations.

    Returns
    -------
    np.ndarray
        Shape (p,), float64, in the unit of the observations.

    Raises
    ------
    InputError
        If the observations are not aloft; if the dataset lacks the variable or the level, or has another unit; or if a
        station lies outside its grid or where values are missing.
    """
    if table.level is None:
        raise InputError(f"a climate is read on pressure levels; {table.title} has none")
    variable = _variable(table, dataset)
    selection = _at_level(table, variable, dataset.label)
    choices = [{**selection, **month} for month in _nearest_months(variable, table.time)]
    field = np.mean([dataset.field(variable.name, choice).values.astype("float64") for choice in choices], axis=0)
    values = _at_stations(table, variable, field)
    if not np.isfinite(values).all():
        k = int(np.flatnonzero(~np.isfinite(values))[0])
        raise InputError(
            f"{variable.title} of {dataset.label} is missing at station {table.station[k]}, "
            f"{table.latitude[k]:.2f}°N {table.longitude[k]:.2f}°E; a background is needed everywhere"
        )
    return values


def _at_stations(table: StationTable, variable: Variable, field: np.ndarray) -> np.ndarray:
    grid = variable.grid.to(torch.device("cpu"), torch.float64)
    places = torch.from_numpy(np.stack([table.latitude, table.longitude], axis=1))
    H = LinearOperator(grid.interpolation(places))
    return H(torch.from_numpy(field).flatten()).numpy()


def _variable(table: StationTable, dataset: "FieldDataset") -> Variable:
    """Return the first variable of the dataset that is the observed one and has levels."""
    names = _LONG_NAMES.get(table.variable, set())
    alike = [
        variable
        for variable in dataset.variables.values()
        if variable.standard_name == table.variable or (not variable.standard_name and variable.long_name.lower() in names)
    ]
    levelled = [variable for variable in alike if variable.axis("level") is not None]
    if not levelled:
        raise InputError(
            f"{dataset.label} has no {table.variable} on levels; it has "
            + ", ".join(variable.standard_name or variable.title for variable in dataset.variables.values())
        )
    variable = levelled[0]
    if variable.units.replace("*", "").replace("^", "").replace(" ", "") not in _UNITS.get(table.units, set()):
        raise InputError(f"{variable.title} of {dataset.label} must be in {table.units}; its unit is {variable.units!r}")
    return variable


def _at_level(table: StationTable, variable: Variable, label: str) -> dict[str, int]:
    """Return the index of the observations' level."""
    axis = variable.axis("level")
    assert axis is not None
    assert table.level is not None
    for index, value in enumerate(_hectopascals(axis)):
        if abs(value - table.level) < 0.05:
            return {axis.name: index}
    raise InputError(f"{variable.title} of {label} is not given at {table.level:g} hPa; it has {', '.join(axis.labels)}")


def _hectopascals(axis: Axis) -> np.ndarray:
    """Return the levels in hPa; NaN where they are texts, or in a unit that is none of pressure."""
    levels = np.array([float(v) if isinstance(v, int | float) else np.nan for v in axis.values])
    # The labels carry the unit; without one they end in the number itself.
    unit = axis.labels[0].rpartition(" ")[2].lower()
    if unit[-1:].isdigit():
        unit = "pa" if levels.max() > _GREATEST_HPA else "hpa"
    return levels * _IN_HPA.get(unit, np.nan)


def _nearest_months(variable: Variable, time: np.datetime64) -> list[dict[str, int]]:
    """Return the indices on the time axis whose month is nearest, round the year; no choice where there is no such axis."""
    axis = variable.axis("time") or next((a for a in variable.axes if a.name.lower() == "month"), None)
    if axis is None:
        return [{}]
    if axis.times is not None:
        months = _month(axis.times)
    elif all(isinstance(v, int | float) and 1 <= v <= 12 for v in axis.values):
        months = np.array(axis.values, dtype=int)
    else:
        raise InputError(f"the times of {variable.title} must be dates or months 1 to 12; came {axis.labels[0]}")
    apart = np.abs(months - _month(time))
    apart = np.minimum(apart, 12 - apart)
    return [{axis.name: int(index)} for index in np.flatnonzero(apart == apart.min())]


def _month(time: np.ndarray | np.datetime64) -> np.ndarray:
    """Return the month, 1 to 12."""
    return time.astype("datetime64[M]").astype(int) % 12 + 1

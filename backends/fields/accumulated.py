"""Sums since the start of a forecast, taken apart into what has come in each step: RAIN(L) − RAIN(L − 1)."""

import numpy as np
import xarray as xr

from backends.fields.field import Axis, Variable
from backends.fields.lazy import Part, Read, computed
from backends.fields.quantities import quantity

#: Names of a dimension that counts from the start of a forecast.
LEADS = {"step", "lead_time", "leadtime", "lead", "prediction_timedelta", "forecast_period"}


def leads(variable: Variable, array: xr.DataArray) -> Axis | None:
    """Return the axis of lead times along which a variable is summed up, or None if it is no such sum."""
    kind = quantity(f"{variable.standard_name} {variable.long_name} {variable.name}", variable.units)
    said = variable.attributes.get("GRIB_stepType", "accum" if "sum" in variable.attributes.get("cell_methods", "sum") else "")
    if not kind.summed or said != "accum":
        return None
    along = (a for a in variable.axes if len(a) > 1 and (a.name in LEADS or array[a.name].dtype.kind == "m"))
    return next(along, None)


def per_step(variable: Variable, array: xr.DataArray, along: Axis, read: Read) -> xr.DataArray:
    """Return the amounts between each lead time and the one before; at the first, what has come since the start."""
    dims = tuple(map(str, array.dims))

    def at(part: Part, index: int) -> np.ndarray:
        now = read(variable.name, {**part, along.name: index})
        return now - read(variable.name, {**part, along.name: index - 1}) if index else now

    def compute(part: Part) -> np.ndarray:
        indices = range(len(along))[part[along.name]]
        if isinstance(indices, int):
            return at(part, indices)
        left = [dim for dim in dims if isinstance(part[dim], slice)]
        return np.stack([at(part, index) for index in indices], axis=left.index(along.name))

    attributes = {key: text for key, text in variable.attributes.items() if key == "GRIB_typeOfLevel"} | {
        "long_name": f"{variable.title}, each step",
        "standard_name": variable.standard_name,
        "units": variable.units,
        "derived_from": variable.name,
    }
    apart = tuple(axis.name for axis in variable.axes)
    return computed(array, compute, apart, attributes)

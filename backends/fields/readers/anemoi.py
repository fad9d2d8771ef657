"""Training data in the layout of anemoi-datasets: one array of all variables at all cells."""

from collections.abc import Mapping

import xarray as xr

from backends.errors import InputError

#: Axes of the one array, in this order.
AXES = ("time", "variable", "ensemble", "cell")
#: Arrays over all variables, which become attributes of each.
STATISTICS = ("mean", "stdev", "minimum", "maximum")


def is_training_data(dataset: xr.Dataset) -> bool:
    """Return whether a Zarr store is of this layout, by its arrays."""
    return {"data", "latitudes", "longitudes", "dates"} <= set(map(str, dataset.variables)) and dataset["data"].ndim == 4


def variables_of(dataset: xr.Dataset, label: str) -> xr.Dataset:
    """Return one variable for each of the store's, with dates, latitudes and longitudes; values are not read.

    The store's statistics become attributes: ``mean``, ``stdev``, ``minimum`` and ``maximum``. A single member is no axis.

    Raises
    ------
    InputError
        If the lengths of the arrays do not fit together, or the variables have no names.
    """
    data = dataset["data"].variable
    names = dataset.attrs.get("variables")
    if not isinstance(names, list) or len(names) != data.shape[1]:
        found = str(len(names)) if isinstance(names, list) else "none"
        raise InputError(
            f"{label} has {data.shape[1]} variables and must name as many in its attribute 'variables'; it names {found}"
        )
    lengths = {"dates": 0, "latitudes": 3, "longitudes": 3}
    for name, axis in lengths.items():
        if dataset[name].shape != (data.shape[axis],):
            raise InputError(f"{name} of {label} must have the shape ({data.shape[axis]},); it is {dataset[name].shape}")
    coordinates = {
        "time": ("time", dataset["dates"].values),
        "latitude": ("cell", dataset["latitudes"].values, {"units": "degrees_north", "standard_name": "latitude"}),
        "longitude": ("cell", dataset["longitudes"].values, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    fields = {}
    for number, name in enumerate(map(str, names)):
        one = data.copy(deep=False)
        one.dims = AXES
        one = one[:, number, 0] if data.shape[2] == 1 else one[:, number]
        one.attrs = {**_units(dataset.attrs, name), **_statistics(dataset, number)}
        fields[name] = one
    return xr.Dataset(fields, coordinates)


def _statistics(dataset: xr.Dataset, number: int) -> dict[str, float]:
    known = (name for name in STATISTICS if name in dataset and dataset[name].ndim == 1 and dataset[name].size > number)
    return {name: float(dataset[name].values[number]) for name in known}


def _units(attributes: Mapping[str, object], name: str) -> dict[str, str]:
    about = attributes.get("variables_metadata")
    one = about.get(name) if isinstance(about, dict) else None
    units = one.get("units") if isinstance(one, dict) else None
    return {"units": units} if isinstance(units, str) else {}

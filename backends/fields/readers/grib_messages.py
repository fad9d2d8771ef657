"""The messages of a GRIB file, one row each, from their headers alone, and where each stands in the datasets made of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from backends.errors import InputError
from backends.fields.damage import first_line

#: What a row holds: the key of ecCodes, or one that is computed here, and its type.
KEYS: dict[str, tuple[str, type]] = {
    "short_name": ("shortName", str), "name": ("name", str), "level_type": ("typeOfLevel", str), "level": ("level", float),
    "step": ("stepRange", str), "step_type": ("stepType", str), "grid": ("gridType", str),
    "points": ("numberOfDataPoints", int), "bytes": ("totalLength", int), "packing": ("packingType", str),
    "bits": ("bitsPerValue", int), "edition": ("edition", int),
}  # fmt: skip


def rows(path: Path, label: str, datasets: Iterable[xr.Dataset]) -> list[dict[str, Any]]:
    """Return one row for each message in the order of the file: `KEYS`, ``start``, ``member``, ``variable`` and ``selection``.

    What a message does not say is None. ``variable`` is the name of the variable that holds its field, and ``selection`` the
    index on each axis; None and nothing where it is in none, because another message of the same heading came before it.

    Raises
    ------
    InputError
        If the file ends in the middle of a message.
    """
    import eccodes

    places = _Places(datasets)
    found = []
    try:
        with path.open("rb") as file:
            while (message := eccodes.codes_grib_new_from_file(file)) is not None:
                try:
                    found.append(_row(message, places))
                finally:
                    eccodes.codes_release(message)
    except eccodes.CodesInternalError as problem:
        raise InputError(f"message {len(found) + 1} of {label} cannot be read: {first_line(problem)}") from problem
    return found


def _row(message: int, places: "_Places") -> dict[str, Any]:
    row: dict[str, Any] = {name: _get(message, key, kind) for name, (key, kind) in KEYS.items()}
    date, time, unit = (_get(message, key, int) for key in ("dataDate", "dataTime", "stepUnits:int"))
    row["start"] = _start(date, time)
    row["member"] = _get(message, "number", int)
    row["variable"], row["selection"] = None, {}
    lead = _hours(_get(message, "endStep:int", int), unit)
    if row["start"] is not None and lead is not None:
        wanted = {
            "time": np.datetime64(row["start"], "ns").astype(int),
            "step": round(lead * 3600e9),
            "number": row["member"],
            row["level_type"]: row["level"],
        }
        heading = (_get(message, "paramId", int), row["level_type"], row["step_type"], row["grid"], row["points"])
        row["variable"], row["selection"] = places.take(heading, wanted)
    return row


def _get(message: int, key: str, kind: type) -> Any:
    import eccodes

    name, _, typed = key.partition(":")
    try:
        return eccodes.codes_get(message, name, ktype=int if typed else kind)
    except eccodes.CodesInternalError:  # a message need not have every key
        return None


def _start(date: int | None, time: int | None) -> str | None:
    if date is None or time is None:
        return None
    year, month, day = date // 10000, date // 100 % 100, date % 100
    text = f"{year:04d}-{month:02d}-{day:02d}T{time // 100:02d}:{time % 100:02d}"
    try:
        np.datetime64(text)
    except ValueError:
        return None
    return text


def _hours(step: int | None, unit: int | None) -> float | None:
    from cfgrib.cfmessage import GRIB_STEP_UNITS_TO_SECONDS

    if step is None or unit is None or not 0 <= unit < len(GRIB_STEP_UNITS_TO_SECONDS):
        return None
    seconds = GRIB_STEP_UNITS_TO_SECONDS[unit]
    return None if seconds is None else step * seconds / 3600


class _Places:
    """Finds the variable and the indices of a message by its heading and its coordinates; the first that asks has the place."""

    def __init__(self, datasets: Iterable[xr.Dataset]) -> None:
        self._taken: set[tuple[object, ...]] = set()
        self._arrays: dict[tuple[object, ...], list[tuple[str, dict[str, tuple[str | None, dict[Any, int]]]]]] = {}
        for dataset in datasets:
            for name, array in dataset.data_vars.items():
                attributes = array.attrs
                keys = ("paramId", "typeOfLevel", "stepType", "gridType", "numberOfPoints")
                heading = tuple(attributes.get(f"GRIB_{key}") for key in keys)
                known = {
                    str(coordinate): _indices(values)
                    for coordinate, values in array.coords.items()
                    if coordinate in ("time", "step", "number", attributes.get("GRIB_typeOfLevel")) and values.ndim < 2
                }
                self._arrays.setdefault(heading, []).append((str(name), known))

    def take(self, heading: tuple[object, ...], wanted: Mapping[Any, Any]) -> tuple[str | None, dict[str, int]]:
        for name, known in self._arrays.get(heading, []):
            if all(wanted.get(coordinate) in index for coordinate, (_, index) in known.items()):
                found = {dim: index[wanted[coordinate]] for coordinate, (dim, index) in known.items() if dim is not None}
                if (name, *found.items()) not in self._taken:
                    self._taken.add((name, *found.items()))
                    return name, found
        return None, {}


def _indices(coordinate: xr.DataArray) -> tuple[str | None, dict[Any, int]]:
    """Return the dimension of a coordinate, and the index of each of its values; times as nanoseconds."""
    values = coordinate.values
    if values.dtype.kind in "mM":
        values = values.astype(f"{values.dtype.kind}8[ns]").astype(int)
    dim = str(coordinate.dims[0]) if coordinate.ndim else None
    return dim, {value: index for index, value in enumerate(np.atleast_1d(values).tolist())}

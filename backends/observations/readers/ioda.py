"""Observations of JEDI: IODA's NetCDF, with the groups ``MetaData``, ``ObsValue``, ``ObsError``, ``EffectiveQC`` and others."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from backends.errors import InputError
from backends.observations import schema
from backends.observations.coded import Coded
from backends.observations.readers.netcdf import mentions, numbers, opened, texts
from backends.observations.readers.progress import Progress
from backends.observations.readers.soundings import Reports
from backends.observations.table import Table, build, concatenate
from backends.observations.units import to_si

FORMAT = "IODA"

#: Standard names of IODA's variables; older files use the standard names themselves.
_NAMES = {
    "airTemperature": "air_temperature",
    "airTemperatureAt2M": "air_temperature",
    "dewPointTemperature": "dew_point_temperature",
    "dewpointTemperature": "dew_point_temperature",
    "virtualTemperature": "virtual_temperature",
    "seaSurfaceTemperature": "sea_surface_temperature",
    "windEastward": "eastward_wind",
    "windNorthward": "northward_wind",
    "windEastwardAt10M": "eastward_wind",
    "windNorthwardAt10M": "northward_wind",
    "windSpeed": "wind_speed",
    "windDirection": "wind_from_direction",
    "specificHumidity": "specific_humidity",
    "relativeHumidity": "relative_humidity",
    "stationPressure": "air_pressure",
    "surface_pressure": "air_pressure",
    "pressureReducedToMeanSeaLevel": "air_pressure_at_mean_sea_level",
    "brightnessTemperature": "brightness_temperature",
    "bendingAngle": "bending_angle",
    "atmosphericRefractivity": "refractivity",
    "zenithTotalDelay": "zenith_total_delay",
}
_LEVELS = (("pressure", schema.PRESSURE, "Pa"), ("air_pressure", schema.PRESSURE, "Pa"), ("height", schema.HEIGHT, "m"))
_CHANNELS = ("sensorChannelNumber", "sensor_channel", "Channel")
_STATIONS = ("stationIdentification", "station_id", "satelliteIdentifier")


def claims(path: Path, head: bytes) -> bool:
    """Return whether the file has the groups of IODA."""
    return mentions(path, head, "MetaData", "ObsValue")


def read(path: Path, progress: Progress) -> Table:
    """Read an IODA file; progress is counted in variables.

    H(x_b) is ``ObsValue − ombg``, else ``hofx0``, else ``hofx``; H(x_a) is ``ObsValue − oman``, else the ``hofx`` of the last
    iteration.

    Raises
    ------
    InputError
        If the file is damaged, or a variable that is known has an unknown unit.
    """
    with opened(path) as file:
        about, observed = file.groups["MetaData"], file.groups["ObsValue"].variables
        latitude = numbers(about, "latitude")
        places = len(latitude)
        level, kind = _levels(about, places)
        header: dict[str, Any] = {
            "time": _times(about, places),
            "latitude": latitude,
            "longitude": numbers(about, "longitude"),
            "height": numbers(about, "stationElevation", "station_elevation", rows=places),
            "station": _stations(about, places),
            "level": level,
            "level_kind": np.where(np.isfinite(level), kind, schema.NO_LEVEL),
        }
        header["report"] = _reports(about, header)
        parts = []
        for number, name in enumerate(observed):
            progress(number, len(observed))
            parts.append(_variable(file, name, path.name, header))
    if not parts:
        raise InputError(f"{path.name} has no variable in its group ObsValue")
    return concatenate(parts)


def _variable(file: Any, name: str, source: str, header: dict[str, Any]) -> Table:
    values = file.groups["ObsValue"].variables[name]
    value, text = numbers(file.groups["ObsValue"], name), str(getattr(values, "units", ""))
    variable = _NAMES.get(name, name)
    # Without a unit values are taken for SI, as IODA's convention has it.
    wanted = schema.VARIABLES[variable].units if variable in schema.VARIABLES and text else None

    def group(*found: str) -> np.ndarray | None:
        of = next((g for g in found if g in file.groups and name in file.groups[g].variables), None)
        return None if of is None else numbers(file.groups[of], name).reshape(value.shape)

    def in_si(given: np.ndarray | None, difference: bool = False) -> np.ndarray | float:
        if given is None or wanted is None:
            return np.nan if given is None else given.ravel()
        zero = to_si(np.zeros(1), text, wanted, f"{name} of {source}") if difference else 0.0
        return to_si(given.ravel(), text, wanted, f"{name} of {source}") - zero

    background, analysis = _equivalents(file, value, group)
    place = np.indices(value.shape)[0].ravel()
    columns = {key: column.take(place) if isinstance(column, Coded) else column[place] for key, column in header.items()}
    if value.ndim == 2:
        columns |= {"level": np.tile(_channels(file, value.shape[1]), len(value)), "level_kind": schema.CHANNEL}
    return build(
        source,
        FORMAT,
        {} if variable in schema.VARIABLES else {variable: text},
        value=in_si(value),
        error=in_si(group("EffectiveError", "EffectiveError0", "ObsError"), difference=True),
        background=in_si(background),
        analysis=in_si(analysis),
        variable=variable,
        quality=_quality(group("EffectiveQC", "EffectiveQC0"), group("PreQC", "PreQc"), value.shape),
        **columns,
    )


def _equivalents(file: Any, value: np.ndarray, group: Any) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return H(x_b) and H(x_a), None where the file has none."""
    ombg, oman = group("ombg"), group("oman")
    later = sorted((g for g in file.groups if re.fullmatch(r"hofx[1-9]\d*", g)), key=lambda g: -int(g[4:]))
    background = value - ombg if ombg is not None else group("hofx0", "hofx")
    return background, value - oman if oman is not None else group(*later)


def _quality(effective: np.ndarray | None, before: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """Return the classes: of UFO's flags 0 and 1 (passive) passed; of PreQC 0 to 2 passed, 3 is suspicious."""
    quality = np.full(shape, schema.UNKNOWN)
    if effective is not None:
        quality[np.isfinite(effective)] = schema.REJECTED
        quality[(effective == 0) | (effective == 1)] = schema.PASSED
    elif before is not None:
        quality[np.isfinite(before)] = schema.REJECTED
        quality[before == 3] = schema.SUSPICIOUS
        quality[(before >= 0) & (before <= 2)] = schema.PASSED
    return quality.ravel()


def _channels(file: Any, count: int) -> np.ndarray:
    """Return the numbers of the channels; where the file has none, counted from 1."""
    for place in (file.groups["MetaData"], file):
        found = [name for name in _CHANNELS if name in place.variables]
        if found and len(numbers(place, *found)) == count:
            return numbers(place, *found)
    return np.arange(1, count + 1)


def _levels(about: Any, places: int) -> tuple[np.ndarray, int]:
    for name, kind, wanted in _LEVELS:
        if name in about.variables:
            text = str(getattr(about.variables[name], "units", "")) or wanted
            return to_si(numbers(about, name, rows=places), text, wanted, f"{name} in MetaData"), kind
    return np.full(places, np.nan), schema.NO_LEVEL


def _times(about: Any, places: int) -> np.ndarray:
    """Return times from ``dateTime`` (since a moment that its unit names) or from ``datetime`` (texts)."""
    none = np.datetime64("NaT", "s")
    if "dateTime" in about.variables:
        since = str(getattr(about.variables["dateTime"], "units", ""))
        match = re.fullmatch(r"seconds since (\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)Z?", since)
        if match is None:
            raise InputError(f"the unit of dateTime must be 'seconds since yyyy-mm-ddThh:mm:ssZ'; came {since!r}")
        seconds = numbers(about, "dateTime", rows=places)
        fine = np.abs(seconds) < 1e11  # fill values lie beyond the calendar
        start = np.datetime64(f"{match[1]}T{match[2]}", "s")
        return np.where(fine, start + np.where(fine, seconds, 0).astype("timedelta64[s]"), none)
    if "datetime" in about.variables:
        return np.array([text.strip().rstrip("Z") or "NaT" for text in texts(about.variables["datetime"])], "datetime64[s]")
    return np.full(places, none)


def _reports(about: Any, header: dict[str, Any]) -> np.ndarray:
    """Return the report of each location: by its number, else those of levels under one header; others are one each."""
    if "sequenceNumber" in about.variables:
        return Reports().number(numbers(about, "sequenceNumber", rows=len(header["level"])))
    if np.isfinite(header["level"]).any():
        return Reports().number(*(header[name] for name in ("station", "time", "latitude", "longitude")))
    return np.arange(len(header["level"]))


def _stations(about: Any, places: int) -> Coded:
    name = next((n for n in _STATIONS if n in about.variables), None)
    return Coded.alike("", places) if name is None else Coded.of(texts(about.variables[name]))

"""NetCDF in which DWD keeps decoded BUFR: one record (dimension ``BUFR_records``) for each report, names of ECMWF's tables.

The names are those that the assimilation of COSMO and ICON reads: ``MLAH``, ``MLOH``, ``MTDBT`` and so on. Surface reports
have one value a record; soundings have pressures (``MPN``), and values on them, in a second dimension.
"""

from pathlib import Path
from typing import Any

import numpy as np

from backends.observations.coded import Coded
from backends.observations.readers.netcdf import mentions, moments, numbers, opened, texts, whole
from backends.observations.readers.progress import Progress
from backends.observations.schema import GRAVITY, HEIGHT, NO_LEVEL, PRESSURE
from backends.observations.table import Table, build, concatenate
from backends.observations.wind import components

FORMAT = "DWD NetCDF of decoded BUFR"

#: Of each variable the names, those of older templates last, and the factor to SI.
_VALUES = {
    "air_temperature": (("MTDBT", "MTTT"), 1.0),
    "dew_point_temperature": (("MTDNH", "MTDTD"), 1.0),
    "relative_humidity": (("MUUU",), 0.01),
    "air_pressure": (("MPPP",), 1.0),
    "air_pressure_at_mean_sea_level": (("MPPPP",), 1.0),
    "visibility_in_air": (("MVV",), 1.0),
    "cloud_area_fraction": (("MN",), 0.01),
    "geopotential": (("NHHHN",), GRAVITY),
}
_SPEED, _DIRECTION = ("NFNFN", "NFF"), ("NDNDN", "NDD")
_LATITUDE, _LONGITUDE, _HEIGHT = ("MLAH", "MLALA"), ("MLOH", "MLOLO"), ("MHOSNN", "MHP", "MHOBNN")
_IDENTIFIERS = ("YDDDD", "YSSOSN", "YSOSN", "YAIRN", "YXXNN")
#: Types of reports by BUFR data category.
_TYPES = {0: "SYNOP", 1: "SHIP", 2: "TEMP", 4: "AIREP"}


def claims(path: Path, head: bytes) -> bool:
    """Return whether the file has a latitude and a longitude by their names in ECMWF's tables."""
    return any(mentions(path, head, *place) for place in zip(_LATITUDE, _LONGITUDE, strict=True))


def read(path: Path, progress: Progress) -> Table:
    """Read a file of decoded BUFR; progress is counted in variables.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with opened(path) as file:
        latitude = numbers(file, *_LATITUDE).ravel()
        rows = len(latitude)
        levels, kind = _levels(file, rows)
        header = {
            "time": _times(file, rows),
            "latitude": latitude,
            "longitude": numbers(file, *_LONGITUDE).ravel(),
            "height": numbers(file, *_HEIGHT, rows=rows).ravel(),
            "report_type": _types(file, rows, sounding=levels.shape[1] > 1),
            "station": _stations(file, rows),
            "report": np.arange(rows),
        }
        values = {name: factor * numbers(file, *found, rows=rows) for name, (found, factor) in _VALUES.items()}
        speed, direction = (numbers(file, *candidates, rows=rows) for candidates in (_SPEED, _DIRECTION))
        if speed.shape == direction.shape:
            values["eastward_wind"], values["northward_wind"] = components(speed, direction)
        parts = []
        for number, (name, value) in enumerate(values.items()):
            progress(number, len(values))
            parts.append(_part(path.name, name, value, header, levels, kind))
    return concatenate(parts)


def _part(source: str, name: str, value: np.ndarray, header: dict[str, Any], levels: np.ndarray, kind: int) -> Table:
    """Return the observations of one variable: of a sounding all levels, of other reports the first value."""
    value = value.reshape(len(value), -1)
    if value.shape != levels.shape:
        value, levels, kind = value[:, :1], np.full((len(value), 1), np.nan), NO_LEVEL
    record, place = np.nonzero(np.isfinite(value))
    level = levels[record, place]
    columns: dict[str, Any] = {
        key: column.take(record) if isinstance(column, Coded) else column[record] for key, column in header.items()
    }
    kinds = np.where(np.isfinite(level), kind, NO_LEVEL)
    return build(source, FORMAT, variable=name, value=value[record, place], level=level, level_kind=kinds, **columns)


def _levels(file: Any, rows: int) -> tuple[np.ndarray, int]:
    """Return the levels of each record, shape (rows, levels), and their kind."""
    for name, kind in (("MPN", PRESSURE), ("NFLEV", HEIGHT)):
        if name in file.variables:
            return numbers(file, name).reshape(rows, -1), kind
    return np.full((rows, 1), np.nan), NO_LEVEL


def _times(file: Any, rows: int) -> np.ndarray:
    """Return the times of the reports, and where a file has none those of the messages (yyyymmdd, hhmmss)."""
    if "MJJJ" in file.variables:
        return moments(*(numbers(file, name, rows=rows).ravel() for name in ("MJJJ", "MMM", "MYY", "MGG", "NGG")))
    date, clock = (numbers(file, name, rows=rows) for name in ("section1_date", "section1_time"))
    return moments(date // 10_000, date // 100 % 100, date % 100, clock // 10_000, clock // 100 % 100)


def _stations(file: Any, rows: int) -> Coded:
    """Return the WMO number with five digits, else another identifier."""
    block, number = (whole(numbers(file, name, rows=rows).ravel()) for name in ("MII", "NIII"))
    found = [f"{b * 1000 + n:05d}" if b >= 0 and n >= 0 else "" for b, n in zip(block, number, strict=True)]
    for name in _IDENTIFIERS:
        if name in file.variables and not all(found):
            found = [one or other.strip() for one, other in zip(found, texts(file.variables[name]), strict=True)]
    return Coded.of(found)


def _types(file: Any, rows: int, sounding: bool) -> Coded:
    category = whole(numbers(file, "section1_data_category", rows=rows).ravel())
    usual = "TEMP" if sounding else "SYNOP"
    return Coded.of([_TYPES.get(int(c), usual) for c in category])

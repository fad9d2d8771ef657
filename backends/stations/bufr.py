"""BUFR files of weather stations and radiosondes.

BUFR (WMO, Manual on Codes, FM 94) is the form in which weather services exchange observations. Read are surface reports
(SYNOP) and soundings (TEMP), the latter at the standard pressure levels.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from backends.errors import InputError
from backends.observations.decode import table_of
from backends.observations.readers import bufr, recognise
from backends.stations.reports import station_reports
from backends.stations.selection import Offer, offers, select
from backends.stations.table import StationTable

if TYPE_CHECKING:
    import pandas as pd


def is_bufr(path: Path) -> bool:
    """Return whether a file begins like a BUFR file; some carry a short telecommunication header before it."""
    return recognise(path) is bufr


def contents(path: Path) -> tuple[Offer, ...]:
    """Return which variables a file offers, on which levels, at how many stations; none if it holds other observations.

    Raises
    ------
    InputError
        If there is no such file, it is not a BUFR file, or it is damaged.
    """
    return offers(_reports(path))


def read_stations(path: Path, variable: str, level: float | None = None) -> StationTable:
    """Read the observations of one variable.

    The first call on a file decodes it in another process, which takes seconds; later ones find the reports under
    ``home_folder()``.

    Parameters
    ----------
    path
        A BUFR file.
    variable
        CF standard name: ``air_temperature``, ``dew_point_temperature``, ``air_pressure_at_mean_sea_level`` or
        ``geopotential``.
    level
        Standard pressure level, hPa, of observations by radiosondes; None for stations on the ground, where
        ``air_temperature`` is the one at 2 m.

    Raises
    ------
    InputError
        If there is no such file, it is not a BUFR file, it is damaged, or it does not hold the variable at that level.
    """
    return select(_reports(path), path.name, variable, level)


def _reports(path: Path) -> "pd.DataFrame":
    try:
        if not path.exists():
            raise InputError(f"there is no file {path.name}")
        if not is_bufr(path):
            raise InputError(f"{path.name} is not a BUFR file: the letters BUFR are not at its beginning")
        return station_reports(table_of(path))
    except OSError as problem:
        raise InputError(f"{path.name} cannot be opened: {problem.strerror}") from problem

"""From all reports of a file to one variable, one report per station, checked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backends.errors import InputError
from backends.stations.table import HEIGHTS, VARIABLES, StationTable

if TYPE_CHECKING:
    import pandas as pd

#: Places are the same when these decimals of their degrees are: about 10 m.
_DECIMALS = 4


@dataclass(frozen=True)
class Offer:
    """A variable, at one level if it is one aloft, that a file has observations of.

    `level` is in hPa, None near the surface; `stations` is how many can be used.
    """

    variable: str
    title: str
    units: str
    level: float | None
    stations: int


def offers(reports: "pd.DataFrame") -> tuple[Offer, ...]:
    """Return what a table of reports offers: near the surface first, then level by level upward."""
    found: list[Offer] = []
    for (variable, level), group in reports.groupby(["variable", "level"], dropna=False, sort=False):
        at = None if np.isnan(level) else float(level)
        count = len(_one_each(_usable(group, variable)))
        if count:
            known = VARIABLES[variable]
            found.append(Offer(variable, known.title(at), known.units, at, count))
    order = list(VARIABLES)
    return tuple(sorted(found, key=lambda offer: (-(offer.level or np.inf), order.index(offer.variable))))


def select(reports: "pd.DataFrame", source: str, variable: str, level: float | None) -> StationTable:
    """Return the observations of one variable.

    Of several reports of a station the one nearest to the nominal time is kept, of several stations at the same place the
    first.

    Parameters
    ----------
    reports
        A table with the columns ``reports.COLUMNS``.
    source
        Name of the file, for errors and for the result.
    variable
        CF standard name, one of ``table.VARIABLES``.
    level
        Pressure level, hPa, of observations aloft; None near the surface.

    Raises
    ------
    InputError
        If there is no such variable, or no usable observation of it at that level; what there is is named.
    """
    if variable not in VARIABLES:
        raise InputError(f"the variable must be one of {', '.join(VARIABLES)}; came {variable!r}")
    at = reports["level"].isna() if level is None else (reports["level"] - level).abs() < 0.05
    chosen = reports[(reports["variable"] == variable) & at]
    kept = _one_each(_usable(chosen, variable))
    if not len(kept):
        wanted = variable if level is None else f"{variable} at {level:g} hPa"
        raise InputError(f"{source} has no usable observation of {wanted}; it has {_listed(offers(reports))}")
    known = VARIABLES[variable]
    return StationTable(
        source=source,
        variable=variable,
        title=known.title(level),
        units=known.units,
        time=_nominal(kept["time"].to_numpy()),
        station=tuple(map(str, kept["station"])),
        latitude=kept["latitude"].to_numpy("float64", copy=True),
        longitude=kept["longitude"].to_numpy("float64", copy=True),
        height=kept["height"].to_numpy("float64", copy=True),
        values=kept["value"].to_numpy("float64", copy=True),
        dropped=len(chosen) - len(kept),
        level=level,
    )


def _usable(reports: "pd.DataFrame", variable: str) -> "pd.DataFrame":
    """Return the reports with a time, a place on Earth and a value that can be real."""
    known = VARIABLES[variable]
    longitude = reports["longitude"]
    usable = (
        reports["value"].between(known.least, known.greatest)
        & reports["latitude"].between(-90, 90)
        & longitude.between(-180, 360)
        & reports["height"].between(*HEIGHTS)
        & reports["time"].notna()
    )
    return reports.assign(longitude=(longitude + 180) % 360 - 180)[usable]


def _one_each(reports: "pd.DataFrame") -> "pd.DataFrame":
    """Return one report per station and per place, in the order they came in."""
    if not len(reports):
        return reports
    apart = (reports["time"] - _nominal(reports["time"].to_numpy())).abs()
    nearest_first = reports.loc[apart.sort_values(kind="stable").index]
    once = nearest_first.drop_duplicates("station").sort_index()
    return once[~once[["latitude", "longitude"]].round(_DECIMALS).duplicated()]


def _nominal(times: np.ndarray) -> np.datetime64:
    """Return the full hour nearest to the median of the times."""
    seconds = np.median(times.astype("datetime64[s]").astype("int64"))
    return np.datetime64(int(np.floor(seconds / 3600 + 0.5)) * 3600, "s")


def _listed(found: tuple[Offer, ...]) -> str:
    """Return ``air_temperature, geopotential at 850, 500 hPa``, or that there is nothing."""
    if not found:
        return "neither surface reports nor soundings with usable values"
    near = [offer.variable for offer in found if offer.level is None]
    aloft = dict.fromkeys(offer.variable for offer in found if offer.level is not None)
    levels = {name: [f"{o.level:g}" for o in found if o.variable == name and o.level is not None] for name in aloft}
    return ", ".join([*near, *(f"{name} at {', '.join(at)} hPa" for name, at in levels.items())])

"""The report that was clicked, and its station through time and height."""

import numpy as np

from backends.errors import InputError
from backends.observations.table import Table


def nearest(table: Table, latitude: float, longitude: float, within: float = 2.0) -> int | None:
    """Return the number of the row nearest to a place, None if none lies within so many degrees of arc.

    Of several rows at the same place the first.

    Raises
    ------
    InputError
        If the place is not on Earth.
    """
    if not (np.isfinite([latitude, longitude]).all() and abs(latitude) <= 90):
        raise InputError(f"the place must be on Earth; came {latitude:g}°N {longitude:g}°E")
    if not len(table):
        return None
    # The chord between unit vectors, squared: exact for neighbours, and NaN places are never the nearest.
    phi, lam = np.deg2rad(table.latitude), np.deg2rad(table.longitude)
    here_phi, here_lam = np.deg2rad(latitude), np.deg2rad(longitude)
    half = np.sin((phi - here_phi) / 2) ** 2 + np.cos(phi) * np.cos(here_phi) * np.sin((lam - here_lam) / 2) ** 2
    if not np.isfinite(half).any():
        return None
    k = int(np.nanargmin(half))
    arc = 2 * np.rad2deg(np.arcsin(np.sqrt(min(half[k], 1.0))))
    return k if arc <= within else None


def series(table: Table, row: int) -> Table:
    """Return the same variable of the same station at the same level as a row, in the order of time."""
    same = _of_station(table, row) & (table.variable.codes == table.variable.codes[row])
    level = table.level[row]
    same &= (table.level_kind == table.level_kind[row]) & (np.isnan(table.level) if np.isnan(level) else table.level == level)
    which = np.flatnonzero(same & ~np.isnat(table.time))
    return table.take(which[np.argsort(table.time[which], kind="stable")])


def profile(table: Table, row: int) -> Table:
    """Return the same variable of the same report as a row at all levels of its kind, in the order of the levels."""
    same = (table.report == table.report[row]) & _of_station(table, row)
    same &= (table.variable.codes == table.variable.codes[row]) & (table.level_kind == table.level_kind[row])
    which = np.flatnonzero(same & np.isfinite(table.level))
    return table.take(which[np.argsort(table.level[which], kind="stable")])


def _of_station(table: Table, row: int) -> np.ndarray:
    """Return the rows of the same station; of one without a name, those at its place."""
    same = table.station.codes == table.station.codes[row]
    if not table.station.names[table.station.codes[row]]:
        same &= (table.latitude == table.latitude[row]) & (table.longitude == table.longitude[row])
    return same & (table.report_type.codes == table.report_type.codes[row])

"""Whether observations are near a field in height and in time: what Explore compares, and what an analysis uses."""

import numpy as np

from backends.fields.field import Axis
from backends.observations.schema import NO_LEVEL, PRESSURE
from backends.observations.table import Table
from backends.observations.units import to_si, unit

HOUR = np.timedelta64(3600, "s")
#: A field that is further than this from observations in time is warned of.
FAR = 6 * HOUR
#: Observations are at a pressure level where they are within this part of it.
AT_LEVEL = 0.005


def pressures(axis: Axis | None) -> np.ndarray | None:
    """Return the levels of an axis in Pa; None where there is no axis, or its levels are no pressures."""
    if axis is None:
        return None
    # The labels carry the unit: 850 hPa.
    text = axis.labels[0].rpartition(" ")[2]
    known = unit(text)
    if known is None or known.units != "Pa":
        return None
    return to_si(np.array(axis.values, "f8"), text, "Pa", f"axis {axis.name}")


def at_level(table: Table, pressure: float | None) -> tuple[np.ndarray, str]:
    """Return which observations are at the height of a field, shape (N,), and what the others are called.

    Parameters
    ----------
    table
        Of N observations.
    pressure
        Level of the field, Pa. None where it is at no pressure level, such as near the surface: only observations without a
        level belong to it.
    """
    if pressure is None:
        return (table.level_kind == NO_LEVEL) | np.isnan(table.level), "at levels, which the field has not"
    with np.errstate(invalid="ignore"):
        same = np.abs(table.level - pressure) <= AT_LEVEL * pressure
    return same & (table.level_kind == PRESSURE), f"not at {pressure / 100:g} hPa"


def middle(times: np.ndarray) -> np.datetime64 | None:
    """Return the median of the times that there are."""
    known = times[~np.isnat(times)]
    return np.datetime64(int(np.median(known.astype("datetime64[s]").astype("i8"))), "s") if len(known) else None


def nearest(times: np.ndarray, wanted: np.datetime64) -> int:
    """Return the index of the time nearest to another."""
    return int(np.abs(times.astype("datetime64[s]") - wanted).argmin())


def span(time: np.timedelta64) -> str:
    """Return how long a time is, in words."""
    hours = abs(float(time / HOUR))
    days = hours / 24
    return f"{hours:.0f} hours" if days < 2 else f"{days:.1f} days" if days < 10 else f"{days:,.0f} days"

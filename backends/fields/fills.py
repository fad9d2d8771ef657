"""Numbers among the values of a field that stand for missing ones, though the file does not say so."""

import numpy as np

from backends.fields.field import Statistics, statistics

#: Numbers that formats and programs write for "missing", in absolute value; NetCDF's own are the fourth to the seventh.
FILLS = (999.0, 9999.0, 99999.0, 32767.0, 9.969209968386869e36, 2147483647.0, 9.223372036854775807e18, 1e20, 1e30)
#: Relative difference from one of them that rounding to float32 and packing may make.
ROUNDING = 1e-6
#: A fill value is told from data where it lies this many times further out than all other values spread.
APART = 3.0

#: Numbers that look like fill values, and how often they occur.
Fills = tuple[tuple[float, int], ...]


def fill_values(finite: np.ndarray) -> Fills:
    """Return the numbers among finite values that look like fill values, and how often they occur.

    They are the least or the greatest, one of :data:`FILLS`, and far from all others: 9999 may be a pressure in a field that
    reaches from 9000 to 11000, but no temperature. What lies between them is looked at again without them.
    """
    found: dict[float, int] = {}
    while finite.size and (more := _outermost(finite)):
        found |= more
        finite = finite[~np.isin(finite, list(more))]
    return tuple(sorted(found.items()))


def _outermost(finite: np.ndarray) -> dict[float, int]:
    found = {}
    for extreme in {float(finite.min()), float(finite.max())}:
        if not any(abs(abs(extreme) - fill) <= ROUNDING * fill for fill in FILLS):
            continue
        same = finite == extreme
        others = finite[~same]
        reach = float(others.max() - others.min()) if others.size else 0.0
        gap = float(np.abs(others - extreme).min()) if others.size else abs(extreme)
        if gap > APART * reach:
            found[extreme] = int(same.sum())
    return found


def without_fills(values: np.ndarray) -> tuple[Statistics, Fills]:
    """Return the statistics of the values that look like data, or of all where none do, and the others; of any shape."""
    fills = fill_values(values[np.isfinite(values)])
    data = values[~np.isin(values, [value for value, _ in fills])] if fills else values
    return statistics(data if np.isfinite(data).any() else values), fills

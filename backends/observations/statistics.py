"""How many observations there are, and how far the model is from them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from backends.errors import InputError
from backends.observations.schema import PASSED
from backends.observations.table import Table

#: Rows that are summed up at once, so that millions need no copies of as many.
PIECE = 2**19
#: Regions in which departures are commonly judged, by their least and greatest latitude, degrees north.
REGIONS = {"northern extratropics": (20.0, 90.0), "tropics": (-20.0, 20.0), "southern extratropics": (-90.0, -20.0)}

#: The levels that every sounding reports, hPa (WMO, Manual on Codes).
STANDARD_LEVELS = (1000, 925, 850, 700, 500, 400, 300, 250, 200, 150, 100, 70, 50, 30, 20, 10)
#: Edges between the layers round them, Pa, downward from the top: halfway in log p.
STANDARD_EDGES = 100 * np.r_[5.0, np.sqrt(np.multiply(STANDARD_LEVELS[:-1], STANDARD_LEVELS[1:]))[::-1], 1100.0]


@dataclass(frozen=True)
class Summary:
    """Of `n` finite values: the least, the mean, the greatest, and the standard deviation about the mean (with 1/n).

    All but `n` are NaN where there is no value.
    """

    n: int
    min: float
    mean: float
    max: float
    std: float


@dataclass(frozen=True)
class Departures:
    """O−B and O−A of some observations: of all, and of those that passed quality control."""

    background: Summary
    background_passed: Summary
    analysis: Summary
    analysis_passed: Summary


#: Of no values.
NOTHING = Summary(0, math.nan, math.nan, math.nan, math.nan)
NO_DEPARTURES = Departures(NOTHING, NOTHING, NOTHING, NOTHING)


def merged(one: Summary, other: Summary) -> Summary:
    """Return the summary of the values of both (Chan, Golub and LeVeque, 1983)."""
    if not (one.n and other.n):
        return one if one.n else other
    n, apart = one.n + other.n, other.mean - one.mean
    variance = (one.n * one.std**2 + other.n * other.std**2) / n + one.n * other.n * (apart / n) ** 2
    mean = one.mean + apart * other.n / n
    return Summary(n, min(one.min, other.min), mean, max(one.max, other.max), math.sqrt(variance))


def merged_departures(one: Departures, other: Departures) -> Departures:
    """Return the statistics of the departures of both."""
    return Departures(*(merged(getattr(one, f.name), getattr(other, f.name)) for f in fields(Departures)))


def summary(values: np.ndarray) -> Summary:
    """Return the summary of values of any shape; NaN and infinities are left out."""
    return grouped_summary(values.ravel(), np.zeros(values.size, np.intp), 1)[0]


def grouped_summary(values: np.ndarray, group: np.ndarray, count: int) -> list[Summary]:
    """Return the summaries of `count` groups of values.

    Parameters
    ----------
    values
        Shape (N,); NaN and infinities are left out.
    group
        Shape (N,), integers: to which group each belongs, from 0; negative ones to none.
    count
        Number of groups.
    """
    n, total, squares = np.zeros(count, np.intp), np.zeros(count), np.zeros(count)
    least, greatest = np.full(count, np.inf), np.full(count, -np.inf)
    for some, of in _finite(values, group):
        n += np.bincount(of, minlength=count)
        total += np.bincount(of, some, count)
        np.minimum.at(least, of, some)
        np.maximum.at(greatest, of, some)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n
        # About the mean, in a second pass: the difference of two large sums of squares would lose the digits.
        for some, of in _finite(values, group):
            squares += np.bincount(of, (some - mean[of]) ** 2, count)
        std = np.sqrt(squares / n)
    return [
        Summary(int(n[k]), float(least[k]), float(mean[k]), float(greatest[k]), float(std[k])) if n[k] else NOTHING
        for k in range(count)
    ]


def _finite(values: np.ndarray, group: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give finite values, float64, and the groups of those that belong to one, piece by piece."""
    for first in range(0, len(values), PIECE):
        some, of = values[first : first + PIECE], group[first : first + PIECE]
        used = np.isfinite(some) & (of >= 0)
        yield some[used].astype("f8"), of[used]


def departures(table: Table) -> Departures:
    """Return the statistics of O−B and O−A of all rows, in the variable's unit; of several variables they mean nothing."""
    return grouped_departures(table, np.zeros(len(table), np.intp), 1)[0]


def grouped_departures(table: Table, group: np.ndarray, count: int) -> list[Departures]:
    """Return the statistics of O−B and O−A of `count` groups of rows; see :func:`grouped_summary`."""
    passed = np.where(table.quality == PASSED, group, -1)
    four = [
        grouped_summary(values, of, count)
        for values in (table.background_departure, table.analysis_departure)
        for of in (group, passed)
    ]
    return [Departures(*one) for one in zip(*four, strict=True)]


def level_groups(table: Table, edges: np.ndarray) -> np.ndarray:
    """Return in which layer each row lies: layer k from edges[k] to below edges[k + 1]; −1 outside and without a level.

    Raises
    ------
    InputError
        If the edges do not increase.
    """
    if len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise InputError("the edges of the layers must increase, and be at least two")
    layer = np.searchsorted(edges, table.level, side="right") - 1
    return np.where(np.isfinite(table.level) & (layer < len(edges) - 1), layer, -1)


def region_groups(table: Table) -> np.ndarray:
    """Return in which of `REGIONS` each row lies; the tropics include their edges, −1 where the latitude is none."""
    group = np.full(len(table), -1)
    group[(table.latitude > 20) & (table.latitude <= 90)] = 0
    group[np.abs(table.latitude) <= 20] = 1
    group[(table.latitude < -20) & (table.latitude >= -90)] = 2
    return group


def counts_by_time(table: Table, step: np.timedelta64) -> tuple[np.ndarray, np.ndarray]:
    """Return the beginnings of time steps (datetime64[s]), from the first to the last with rows, and the rows in each.

    Rows without a time are left out.

    Raises
    ------
    InputError
        If the step is not positive, or cuts the times into more than 100,000.
    """
    seconds = int(step.astype("timedelta64[s]").astype("i8"))
    if seconds <= 0:
        raise InputError(f"the time step must be at least a second; came {step}")
    times = table.time[~np.isnat(table.time)].astype("i8") // seconds
    if not len(times):
        return np.zeros(0, "datetime64[s]"), np.zeros(0, int)
    first, last = int(times.min()), int(times.max())
    if last - first >= 100_000:
        raise InputError(f"a step of {seconds} s cuts the times of {table.source} into {last - first + 1}; take a longer one")
    return (np.arange(first, last + 1) * seconds).astype("datetime64[s]"), np.bincount(times - first)


def counts_by_level(table: Table, edges: np.ndarray) -> np.ndarray:
    """Return the number of rows in each layer; see :func:`level_groups`."""
    layer = level_groups(table, edges)
    return np.bincount(layer[layer >= 0], minlength=len(edges) - 1)


def histogram(values: np.ndarray, bins: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges (bins + 1,) of even bins over the finite values, and how many are in each (bins,)."""
    finite = values[np.isfinite(values)].astype("f8")
    counts, edges = np.histogram(finite, bins) if len(finite) else (np.zeros(bins, int), np.linspace(0, 1, bins + 1))
    return edges, counts

"""What the views of one variable's observations show: counts, histograms, and statistics against levels and in regions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backends.observations.linked import Linked
from backends.observations.schema import CHANNEL, LEVEL_KINDS, NO_LEVEL, PASSED, PRESSURE
from backends.observations.selection import QUANTITIES, quantity
from backends.observations.statistics import (
    REGIONS,
    STANDARD_EDGES,
    Departures,
    Summary,
    counts_by_level,
    counts_by_time,
    grouped_departures,
    histogram,
    level_groups,
    region_groups,
    summary,
)
from backends.observations.table import Table

#: Bars of a histogram, layers where there are no standard ones, and time steps, at most.
BARS, LAYERS, STEPS = 40, 20, 120
#: Time steps that are offered, s.
TIME_STEPS = (60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400)


@dataclass(frozen=True, eq=False)
class Levels:
    """Layers, and the statistics in each.

    Attributes
    ----------
    kind
        One of `schema.LEVEL_KINDS`.
    edges
        Increasing, (k + 1,), in the unit of the kind.
    counts
        Rows in each layer, (k,).
    departures
        Of O−B and O−A in each layer.
    """

    kind: str
    edges: np.ndarray
    counts: np.ndarray
    departures: Sequence[Departures]


@dataclass(frozen=True, eq=False)
class Overview:
    """Everything that is counted of the observations of one variable.

    Attributes
    ----------
    rows, chosen
        How many there are, and how many fit everything that was chosen.
    report_types, qualities
        How many by name.
    times
        Beginnings of time steps and how many there are in each.
    levels
        None where the variable has no levels.
    histograms
        Edges and counts of the quantities that there are (`selection.QUANTITIES`).
    passed
        The same bins, of those alone that passed quality control.
    statistics
        By what they are of: of all chosen rows and of those that passed.
    regions
        Departures by region and report type, of those that there are.
    """

    rows: int
    chosen: int
    report_types: Mapping[str, int]
    qualities: np.ndarray
    times: tuple[np.ndarray, np.ndarray]
    levels: Levels | None
    histograms: Mapping[str, tuple[np.ndarray, np.ndarray]]
    passed: Mapping[str, np.ndarray]
    statistics: Mapping[str, tuple[Summary, Summary]]
    regions: Mapping[tuple[str, str], Departures]


def overview(table: Table, linked: Linked) -> Overview:
    """Return what the views of one variable show.

    Parameters
    ----------
    table
        Observations of one variable.
    linked
        What is chosen of them.
    """
    rows = linked.rows()
    chosen = _some(table, rows)
    known = [name for name in QUANTITIES if np.isfinite(quantity(table, name)).any()]
    bars = _ByQuantity(table, linked.rows("value"), known)
    return Overview(
        rows=len(table),
        chosen=len(chosen),
        report_types=table.report_type.take(linked.rows("report type")).counts(),
        qualities=np.bincount(table.quality[linked.rows("quality")], minlength=4),
        times=_times(_some(table, linked.rows("time"))),
        levels=_levels(table, linked),
        histograms=bars.all,
        passed=bars.passed,
        statistics={name: _both(quantity(chosen, name), chosen.quality == PASSED) for name in known},
        regions=_regions(chosen),
    )


class _ByQuantity:
    """Histograms of all and of those that passed, O−B and O−A with the same bins."""

    def __init__(self, table: Table, rows: np.ndarray, known: Sequence[str]) -> None:
        self.all: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.passed: dict[str, np.ndarray] = {}
        some = _some(table, rows)
        values = {name: quantity(some, name) for name in known}
        departures = [v for name, v in values.items() if name != "value"]
        common = _edges(*departures, about_zero=True) if departures else None
        for name, of in values.items():
            edges = _edges(of) if name == "value" or common is None else common
            counted = _counted(of, some.quality == PASSED, edges)
            self.all[name], self.passed[name] = (edges, counted.sum(0)), counted[1]


def _counted(values: np.ndarray, passed: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return how many values are in each of some even bins, (2, bins): of those that did not pass, and of those that did."""
    bins = len(edges) - 1
    with np.errstate(invalid="ignore"):
        inside = (values >= edges[0]) & (values <= edges[-1])
    place = ((values[inside] - edges[0]) * (bins / (edges[-1] - edges[0]))).astype(np.intp)
    return np.bincount(np.minimum(place, bins - 1) + bins * passed[inside], minlength=2 * bins).reshape(2, bins)


def _some(table: Table, rows: np.ndarray) -> Table:
    """Return some of the rows; the table itself where they are all, as copying millions takes a second."""
    return table if rows.all() else table.take(rows)


def _edges(*arrays: np.ndarray, about_zero: bool = False) -> np.ndarray:
    """Return even edges that leave out what is far outside of nearly all: one gross error would hide the rest in one bar."""
    every = max(1, sum(int(np.isfinite(values).sum()) for values in arrays) // 200_000)
    some, ends = [], []
    for values in arrays:  # one by one: all together would be copied
        finite = values[np.isfinite(values)]
        some.append(finite[::every].copy())
        ends += [float(finite.min()), float(finite.max())] if len(finite) else []
    if not ends:
        return histogram(np.zeros(0), BARS)[0]
    low, high = np.quantile(np.concatenate(some), [0.001, 0.999])
    margin = 0.15 * (high - low)
    low, high = max(min(ends), low - margin), min(max(ends), high + margin)
    if about_zero:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    if high <= low:
        low, high = low - 0.5, low + 0.5
    return np.linspace(low, np.nextafter(high, np.inf), BARS + 1)


def _both(values: np.ndarray, passed: np.ndarray) -> tuple[Summary, Summary]:
    return summary(values), summary(values[passed])


def _times(table: Table) -> tuple[np.ndarray, np.ndarray]:
    known = table.time[~np.isnat(table.time)]
    if not len(known):
        return np.zeros(0, "datetime64[s]"), np.zeros(0, int)
    span = int((known.max() - known.min()).astype(int))
    step = next((s for s in TIME_STEPS if span / s <= STEPS), span // STEPS + 1)
    return counts_by_time(table, np.timedelta64(step, "s"))


def _levels(table: Table, linked: Linked) -> Levels | None:
    rows = linked.rows("level")
    kinds = np.bincount(table.level_kind[rows & np.isfinite(table.level)], minlength=len(LEVEL_KINDS))
    kinds[NO_LEVEL] = 0
    if not kinds.any():
        return None
    kind = int(kinds.argmax())
    some = _some(table, rows & (table.level_kind == kind))
    edges = level_edges(kind, some.level)
    groups = level_groups(some, edges)
    return Levels(LEVEL_KINDS[kind], edges, counts_by_level(some, edges), grouped_departures(some, groups, len(edges) - 1))


def level_edges(kind: int, level: np.ndarray) -> np.ndarray:
    """Return the edges of layers: round the standard levels for pressures, round each channel, even ones for the rest."""
    finite = level[np.isfinite(level)]
    low, high = float(finite.min()), float(finite.max())
    if kind == PRESSURE:
        first = max(int(np.searchsorted(STANDARD_EDGES, low, "right")) - 1, 0)
        last = min(int(np.searchsorted(STANDARD_EDGES, high, "right")) + 1, len(STANDARD_EDGES))
        return STANDARD_EDGES[first:last] if last - first >= 2 else STANDARD_EDGES
    if kind == CHANNEL and high - low < 100:
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    if high <= low:
        high = low + 1
    return np.linspace(low, np.nextafter(np.float32(high), np.float32(np.inf)), LAYERS + 1)


def _regions(table: Table) -> dict[tuple[str, str], Departures]:
    names, types = list(REGIONS), table.report_type
    region = region_groups(table)
    group = np.where(region >= 0, region * len(types.names) + types.codes, -1)
    found = grouped_departures(table, group, len(names) * len(types.names))
    return {
        (region, kind): one
        for (region, kind), one in zip(((r, t) for r in names for t in types.names), found, strict=True)
        if one.background.n or one.analysis.n
    }

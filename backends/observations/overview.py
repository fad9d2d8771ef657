"""What the views of one variable's observations show: counts, histograms, and statistics against levels and in regions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backends.memory import give_back
from backends.observations.linked import Linked
from backends.observations.one_variable import MANY
from backends.observations.schema import CHANNEL, LEVEL_KINDS, NO_LEVEL, PASSED, PRESSURE
from backends.observations.selection import QUANTITIES, quantity
from backends.observations.statistics import (
    NO_DEPARTURES,
    NOTHING,
    PIECE,
    REGIONS,
    STANDARD_EDGES,
    Departures,
    Summary,
    counts_by_level,
    counts_by_time,
    grouped_departures,
    grouped_summary,
    histogram,
    level_groups,
    merged,
    merged_departures,
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
    at
        Mean level of the rows of each layer that have a departure, (k,), in the unit of the kind; NaN where there is none. In
        the lowest layer of soundings it is far from the middle, as the ground ends it.
    """

    kind: str
    edges: np.ndarray
    counts: np.ndarray
    departures: Sequence[Departures]
    at: np.ndarray


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


def overview(table: Table, linked: Linked, between: Callable[[], None] = lambda: None) -> Overview:
    """Return what the views of one variable show.

    Parameters
    ----------
    table
        Observations of one variable.
    linked
        What is chosen of them.
    between
        Called again and again in between, so that somebody may let it wait, or end it by an exception.
    """
    known = [name for name in QUANTITIES if np.isfinite(getattr(table, name)).any()]

    def some(but: str | None = None) -> _Pieces:
        return _Pieces(table, linked.rows(but), between)

    chosen = some()
    histograms, passed = _histograms(some("value"), known)
    found = Overview(
        rows=len(table),
        chosen=int(np.count_nonzero(chosen.rows)),
        report_types=_types(some("report type")),
        qualities=sum((np.bincount(piece.quality, minlength=4) for piece in some("quality")), np.zeros(4, int)),
        times=_times(some("time")),
        levels=_levels(some("level")),
        histograms=histograms,
        passed=passed,
        statistics=_statistics(chosen, known),
        regions=_regions(chosen, table.report_type.names),
    )
    if len(table) > MANY:
        give_back()
    return found


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Some of the rows of a table, (N,) bool, some hundred thousand at a time: millions need no copies of as many."""

    table: Table
    rows: np.ndarray
    between: Callable[[], None]

    def __iter__(self) -> Iterator[Table]:
        for first in range(0, len(self.table), PIECE):
            self.between()
            part = slice(first, first + PIECE)
            piece, rows = self.table.take(part), self.rows[part]
            yield piece if rows.all() else piece.take(rows)


def _types(some: _Pieces) -> dict[str, int]:
    names = some.table.report_type.names
    counted = sum((np.bincount(piece.report_type.codes, minlength=len(names)) for piece in some), np.zeros(len(names), int))
    return {name: int(n) for name, n in zip(names, counted, strict=True) if n}


def _histograms(some: _Pieces, known: Sequence[str]) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], dict[str, np.ndarray]]:
    """Return edges and counts of all and of those that passed, O−B and O−A with the same bins."""
    every = max(1, int(np.count_nonzero(some.rows)) // 200_000)
    samples = {name: _Sample(every) for name in known}
    for piece in some:
        for name, sample in samples.items():
            sample.add(quantity(piece, name))
    departures = [sample for name, sample in samples.items() if name != "value"]
    common = _edges(departures, about_zero=True) if departures else None
    edges = {n: _edges([sample]) if n == "value" or common is None else common for n, sample in samples.items()}
    counts = {name: np.zeros((2, BARS), int) for name in known}
    for piece in some:
        for name in known:
            counts[name] += _counted(quantity(piece, name), piece.quality == PASSED, edges[name])
    return {n: (edges[n], counts[n].sum(0)) for n in known}, {n: counts[n][1] for n in known}


class _Sample:
    """Every so many-th of the finite values, and the least and the greatest of all."""

    def __init__(self, every: int) -> None:
        self._every = every
        self.values: list[np.ndarray] = []
        self.ends: list[float] = []

    def add(self, values: np.ndarray) -> None:
        finite = values[np.isfinite(values)]
        if len(finite):
            self.values.append(finite[:: self._every].copy())
            self.ends += [float(finite.min()), float(finite.max())]


def _counted(values: np.ndarray, passed: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return how many values are in each of some even bins, (2, bins): of those that did not pass, and of those that did."""
    bins = len(edges) - 1
    with np.errstate(invalid="ignore"):
        inside = (values >= edges[0]) & (values <= edges[-1])
    place = ((values[inside] - edges[0]) * (bins / (edges[-1] - edges[0]))).astype(np.intp)
    return np.bincount(np.minimum(place, bins - 1) + bins * passed[inside], minlength=2 * bins).reshape(2, bins)


def _edges(samples: Sequence[_Sample], about_zero: bool = False) -> np.ndarray:
    """Return even edges that leave out what is far outside of nearly all: one gross error would hide the rest in one bar."""
    ends = [end for sample in samples for end in sample.ends]
    if not ends:
        return histogram(np.zeros(0), BARS)[0]
    low, high = np.quantile(np.concatenate([part for sample in samples for part in sample.values]), [0.001, 0.999])
    margin = 0.15 * (high - low)
    low, high = max(min(ends), low - margin), min(max(ends), high + margin)
    if about_zero:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    if high <= low:
        low, high = low - 0.5, low + 0.5
    return np.linspace(low, np.nextafter(high, np.inf), BARS + 1)


def _statistics(chosen: _Pieces, known: Sequence[str]) -> dict[str, tuple[Summary, Summary]]:
    result = dict.fromkeys(known, (NOTHING, NOTHING))
    for piece in chosen:
        for name, (all_, passed) in result.items():
            values = quantity(piece, name)
            result[name] = merged(all_, summary(values)), merged(passed, summary(values[piece.quality == PASSED]))
    if "value" in result and chosen.table.directions().all():
        # 359° and 1° are neighbours; departures are wrapped, and have both.
        every, passed = (replace(one, mean=np.nan, std=np.nan) for one in result["value"])
        result["value"] = every, passed
    return result


def _times(some: _Pieces) -> tuple[np.ndarray, np.ndarray]:
    ends = [(times.min(), times.max()) for piece in some if len(times := piece.time[~np.isnat(piece.time)])]
    if not ends:
        return np.zeros(0, "datetime64[s]"), np.zeros(0, int)
    first, last = (int(end.astype("i8")) for end in (min(e[0] for e in ends), max(e[1] for e in ends)))
    seconds = next((s for s in TIME_STEPS if (last - first) / s <= STEPS), (last - first) // STEPS + 1)
    first, last = first // seconds, last // seconds
    counts = np.zeros(last - first + 1, int)
    for piece in some:
        starts, found = counts_by_time(piece, np.timedelta64(seconds, "s"))
        if len(starts):
            begin = int(starts[0].astype("i8")) // seconds - first
            counts[begin : begin + len(found)] += found
    return (np.arange(first, last + 1) * seconds).astype("datetime64[s]"), counts


def _levels(some: _Pieces) -> Levels | None:
    table = some.table
    there = some.rows & np.isfinite(table.level)
    kinds = np.array([np.count_nonzero(there & (table.level_kind == k)) for k in range(len(LEVEL_KINDS))])
    kinds[NO_LEVEL] = 0
    if not kinds.any():
        return None
    kind = int(kinds.argmax())
    there &= table.level_kind == kind
    chosen = replace(some, rows=there)
    ends = [(piece.level.min(), piece.level.max()) for piece in chosen if len(piece)]
    edges = level_edges(kind, np.array(ends))
    layers = len(edges) - 1
    counts, departures, levels = np.zeros(layers, int), [NO_DEPARTURES] * layers, [NOTHING] * layers
    for piece in chosen:
        counts += counts_by_level(piece, edges)
        group = level_groups(piece, edges)
        departures = _added(departures, piece, group)
        departs = np.isfinite(piece.background) | np.isfinite(piece.analysis)
        of_piece = grouped_summary(piece.level, np.where(departs, group, -1), layers)
        levels = [merged(one, other) for one, other in zip(levels, of_piece, strict=True)]
    return Levels(LEVEL_KINDS[kind], edges, counts, departures, np.array([one.mean for one in levels]))


def _added(departures: Sequence[Departures], piece: Table, group: np.ndarray) -> list[Departures]:
    found = grouped_departures(piece, group, len(departures))
    return [merged_departures(one, other) for one, other in zip(departures, found, strict=True)]


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


def _regions(chosen: _Pieces, types: Sequence[str]) -> dict[tuple[str, str], Departures]:
    departures = [NO_DEPARTURES] * (len(REGIONS) * len(types))
    for piece in chosen:
        region = region_groups(piece)
        departures = _added(departures, piece, np.where(region >= 0, region * len(types) + piece.report_type.codes, -1))
    return {
        pair: one
        for pair, one in zip(((r, t) for r in REGIONS for t in types), departures, strict=True)
        if one.background.n or one.analysis.n
    }

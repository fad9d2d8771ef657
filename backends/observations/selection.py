"""Which of the observations are looked at."""

from dataclasses import dataclass

import numpy as np

from backends.errors import InputError
from backends.observations.schema import LEVEL_KINDS, QUALITIES
from backends.observations.table import Table

#: Rows that are looked at once, so that millions need no copies of as many.
PIECE = 2**18
#: What has a histogram: the observation, O−B and O−A.
QUANTITIES = ("value", "background", "analysis")


@dataclass(frozen=True)
class Selection:
    """What observations must have to be looked at; what is None or empty is not asked.

    Attributes
    ----------
    variables, report_types, stations
        Names of which one must fit.
    start, end
        Time window, both ends belong to it.
    box
        West, east, south, north in degrees; west may be greater than east, then the box lies across the dateline.
    level_kind
        One of `schema.LEVEL_KINDS`.
    levels
        Least and greatest level, both belong to it, in the unit of the kind.
    qualities
        Names of `schema.QUALITIES` of which one must fit.
    within
        One of `QUANTITIES` with its least value and the one that it must stay below, in the variable's unit: a bar of a
        histogram.

    Raises
    ------
    InputError
        If a kind, a quality or a quantity does not exist, or a window, box or range ends before it begins.
    """

    variables: tuple[str, ...] = ()
    report_types: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    start: np.datetime64 | None = None
    end: np.datetime64 | None = None
    box: tuple[float, float, float, float] | None = None
    level_kind: str | None = None
    levels: tuple[float, float] | None = None
    qualities: tuple[str, ...] = ()
    within: tuple[str, float, float] | None = None

    def __post_init__(self) -> None:
        if self.level_kind is not None and self.level_kind not in LEVEL_KINDS:
            raise InputError(f"the kind of level must be one of {', '.join(LEVEL_KINDS)}; came {self.level_kind!r}")
        for name in self.qualities:
            if name not in QUALITIES:
                raise InputError(f"a quality must be one of {', '.join(QUALITIES)}; came {name!r}")
        if self.start is not None and self.end is not None and self.start > self.end:
            raise InputError(f"the time window must not end before it begins; came {self.start} to {self.end}")
        if self.box is not None and not -90 <= self.box[2] <= self.box[3] <= 90:
            raise InputError(f"the box must run from south to north; came {self.box[2]:g} to {self.box[3]:g}°N")
        if self.levels is not None and not self.levels[0] <= self.levels[1]:
            raise InputError(f"the range of levels must begin with the least; came {self.levels[0]:g} to {self.levels[1]:g}")
        if self.within is not None and self.within[0] not in QUANTITIES:
            raise InputError(f"a range must be of one of {', '.join(QUANTITIES)}; came {self.within[0]!r}")
        if self.within is not None and not self.within[1] <= self.within[2]:
            raise InputError(f"the range of values must begin with the least; came {self.within[1]:g} to {self.within[2]:g}")

    def mask(self, table: Table) -> np.ndarray:
        """Return for each row whether it is selected, shape (N,), bool."""
        chosen = np.empty(len(table), bool)
        for first in range(0, len(table), PIECE):
            part = slice(first, first + PIECE)
            chosen[part] = self._fits(table.take(part))
        return chosen

    def _fits(self, table: Table) -> np.ndarray:
        chosen = np.ones(len(table), bool)
        for column, names in (
            (table.variable, self.variables),
            (table.report_type, self.report_types),
            (table.station, self.stations),
        ):
            if names:
                chosen &= column.is_in(names)
        if self.start is not None:
            chosen &= table.time >= self.start
        if self.end is not None:
            chosen &= table.time <= self.end
        if self.box is not None:
            chosen &= in_box(table, self.box)
        if self.level_kind is not None:
            chosen &= table.level_kind == LEVEL_KINDS.index(self.level_kind)
        if self.levels is not None:
            chosen &= (table.level >= self.levels[0]) & (table.level <= self.levels[1])
        if self.qualities:
            chosen &= np.isin(table.quality, [QUALITIES.index(name) for name in self.qualities])
        if self.within is not None:
            values = quantity(table, self.within[0])
            chosen &= (values >= self.within[1]) & (values < self.within[2])
        return chosen


def quantity(table: Table, name: str) -> np.ndarray:
    """Return one of `QUANTITIES` of each row: the value itself, O−B or O−A."""
    return {
        "value": lambda: table.value,
        "background": lambda: table.background_departure,
        "analysis": lambda: table.analysis_departure,
    }[name]()


def in_box(table: Table, box: tuple[float, float, float, float]) -> np.ndarray:
    """Return which rows lie in a box (west, east, south, north), in degrees on any branch; its edges belong to it."""
    west, east, south, north = box
    along = (table.longitude - west) % 360 <= (360 if east - west >= 360 else (east - west) % 360)
    return along & (table.latitude >= south) & (table.latitude <= north)

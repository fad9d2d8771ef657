"""What case over a field a file of observations and a dataset make, where a person has not said it key by key."""

from dataclasses import dataclass

import numpy as np

from backends.errors import InputError
from backends.experiments.cases import ObservedFieldCase
from backends.experiments.observed_field import Contents
from backends.fields.dataset import FieldDataset
from backends.fields.field import Variable
from backends.observations.comparison import fitting
from backends.observations.nearness import HOUR, middle, nearest, pressures
from backends.observations.schema import LEVEL_KINDS, NO_LEVEL, PRESSURE
from backends.observations.selection import Selection
from backends.observations.table import Table

#: Observations so far from the background in time are still its own, hours.
WINDOW = 3.0


@dataclass(frozen=True, eq=False)
class Pair:
    """A field of a dataset and observations of one variable, by the names that a file gives them.

    `table` has the observations of this variable alone.
    """

    path: str
    dataset: FieldDataset
    variable: str
    observations: str
    table: Table


def likely_case(pair: Pair, selection: Selection | None = None) -> ObservedFieldCase:
    """Return the case of what is looked at: time and level of the field nearest to the observations that are selected.

    Where these are further from the field than the window, `at` is their own time: an analysis with a background of another day
    is a lesson, of which the page says what it is.

    Raises
    ------
    InputError
        If nothing is selected.
    """
    chosen = selection or Selection()
    table = pair.table.take(chosen.mask(pair.table))
    if not len(table):
        raise InputError("no observation is selected")
    (observed,) = table.variable.counts()
    variable = pair.dataset.variable(pair.variable)
    level, band = _level(variable, table, chosen)
    time, at, window = _time(variable, table, chosen)
    least, greatest = (None, None) if band is None else band
    kind = chosen.level_kind or LEVEL_KINDS[int(np.bincount(table.level_kind).argmax())]
    return ObservedFieldCase(
        path=pair.path,
        variable=pair.variable,
        time=time,
        level=level,
        observations=pair.observations,
        observed=observed,
        at=at,
        window=window,
        levels=None if least is None or greatest is None else (least, greatest),
        level_kind=kind if band is not None else "pressure",
        box=chosen.box,
        report_types=chosen.report_types,
        qualities=chosen.qualities or ("unknown", "passed"),
    )


def likely_variables(dataset: FieldDataset, contents: Contents, observed: str = "") -> tuple[str, str]:
    """Return what is observed and the field of it: what is asked for, the temperature, then what is observed most.

    Raises
    ------
    InputError
        If the dataset has no field of anything that is observed.
    """
    counts = contents.counts
    for name in sorted(counts, key=lambda name: (name != observed, name != "air_temperature", -counts[name])):
        fields = fitting(dataset, name, contents.units[name])
        if fields:
            return name, fields[0]
    raise InputError(f"{dataset.label} has no field of what {contents.source} observes: {', '.join(counts) or 'nothing'}")


def _level(variable: Variable, table: Table, chosen: Selection) -> tuple[float | int | None, tuple[float, float] | None]:
    """Return the level of the field as its file has it, and the levels of the observations where these must be said."""
    axis = variable.axis("level")
    at_levels = table.level[(table.level_kind != NO_LEVEL) & np.isfinite(table.level)].astype("f8")
    levels = pressures(axis)
    if axis is None or levels is None:
        if chosen.levels is not None or len(at_levels) < len(table) or not len(at_levels):
            return None, chosen.levels
        return None, (float(at_levels.min()), float(at_levels.max()))  # none is without a level: all of them, and it is said
    at_pressure = table.level[(table.level_kind == PRESSURE) & np.isfinite(table.level)].astype("f8")
    if chosen.levels is not None:
        wanted = float(np.sqrt(max(chosen.levels[0], 1.0) * max(chosen.levels[1], 1.0)))
        index = int(np.abs(np.log(levels / wanted)).argmin())
    else:
        exact = [int(np.sum(np.abs(at_pressure - p) <= 0.005 * p)) for p in levels]
        index = int(np.argmax(exact))
    value = axis.values[index]
    return (value if isinstance(value, int | float) else None), chosen.levels


def _time(variable: Variable, table: Table, chosen: Selection) -> tuple[str | int | None, str | None, float | None]:
    """Return the time of the field, the time that observations are near, and the window."""
    observed, window = middle(table.time), WINDOW
    if observed is None:
        return None, None, None
    if chosen.start is not None and chosen.end is not None:
        window = max(float((chosen.end - chosen.start) / HOUR) / 2, 0.01)
        observed = chosen.start + (chosen.end - chosen.start) // 2
    axis = variable.axis("time")
    times = np.array([variable.time], "datetime64[s]") if axis is None and variable.time is not None else None
    if axis is not None and axis.times is not None:
        times = axis.times.astype("datetime64[s]")
    if times is None:
        return None, str(observed), window
    found = times[nearest(times, observed)]
    time = str(found) if axis is not None else None
    near = chosen.start is None and abs(float((found - observed) / HOUR)) <= window
    return time, None if near else str(observed.astype("datetime64[s]")), window

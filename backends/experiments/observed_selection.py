"""Which observations of a file an analysis over a field uses, and how many are left out for what reason."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.errors import InputError
from backends.experiments.cases import ObservedFieldCase
from backends.experiments.observing import THINNED, generator
from backends.fields.field import Field, time_label
from backends.geometry.grid import LatLonGrid
from backends.observations.nearness import HOUR, at_level, middle, pressures
from backends.observations.schema import LEVEL_KINDS, PRESSURE
from backends.observations.selection import Selection
from backends.observations.table import Table
from backends.observing.operators import LinearOperator

#: Places are the same when these decimals of their degrees are: about 10 m.
DECIMALS = 4


@dataclass(frozen=True, eq=False)
class Chosen:
    """Rows of a table that are chosen, and how many are left out, by the words for the reason."""

    rows: np.ndarray
    left_out: dict[str, int]


def select_observations(table: Table, settings: ObservedFieldCase, field: Field, valid_time: np.datetime64 | None) -> Chosen:
    """Return the observations of a variable that fit the settings and lie in the field, one for each place.

    Parameters
    ----------
    table
        Observations of one variable.
    settings
        Of the case.
    field
        The background.
    valid_time
        When it is valid; None where that is not known.

    Raises
    ------
    InputError
        If none is left, or levels cannot be compared.
    """
    near = valid_time if settings.at is None else as_time(settings.at)
    apart = _apart(table, near)
    in_time = apart <= (math.inf if settings.window is None else settings.window)
    here = Selection(report_types=settings.report_types, box=settings.box)
    at_level, level_words = _at_level(table, settings, field)
    mesh = field.variable.mesh
    with np.errstate(invalid="ignore"):
        on_earth = (np.abs(table.latitude) <= 90) & (np.abs(table.longitude) <= 180)
    inside = on_earth.copy()
    inside[on_earth] = mesh.locate(table.latitude[on_earth], table.longitude[on_earth]) >= 0
    kept, left_out = np.ones(len(table), bool), {}
    for words, fits in (
        ("of other types or places", here.mask(table)),
        ("of another quality", Selection(qualities=settings.qualities).mask(table)),
        (level_words, at_level),
        ("at other times", in_time),
        ("outside the field", inside),
    ):
        left_out[words] = int((kept & ~fits).sum())
        kept &= fits
    if not kept.any():
        raise InputError(_nothing(table, settings, left_out, near))
    rows = _nearest_of_each_place(table, np.flatnonzero(kept), _off_level(table, field), apart)
    left_out["at the place of another that is nearer in level or time"] = int(kept.sum()) - len(rows)
    return Chosen(rows, left_out)


def used_with(
    grid: LatLonGrid, background: Tensor, places: Tensor, chosen: Chosen, settings: ObservedFieldCase
) -> tuple[Tensor, dict[str, int]]:
    """Return which of the chosen observations, by number, can be interpolated to and are drawn, and how many were left out.

    Raises
    ------
    InputError
        If the background is missing at all of them.
    """
    west, east = float(grid.longitude[0]), float(grid.longitude[-1])
    inside = (places[:, 0] >= float(grid.latitude[0])) & (places[:, 0] <= float(grid.latitude[-1]))
    if not grid.periodic:
        inside &= (places[:, 1] - west) % 360 <= east - west
    numbers = inside.nonzero()[:, 0]
    found = LinearOperator(grid.interpolation(places[numbers]))(background)
    there = numbers[torch.isfinite(found)]
    left_out = chosen.left_out | {"outside the field": chosen.left_out["outside the field"] + len(places) - len(numbers)}
    left_out["where the field is missing"] = len(numbers) - len(there)
    if not len(there):
        raise InputError("the background is missing, or ends, at all observations: there is nothing to analyse")
    if len(there) > settings.limit:
        order = torch.randperm(len(there), generator=generator(settings.seed, THINNED))[: settings.limit].sort().values
        left_out[f"not among the {settings.limit:,} that are drawn"] = len(there) - settings.limit
        there = there[order.to(there.device)]
    return there, left_out


def as_time(text: str) -> np.datetime64:
    """Return a time that a file gives.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        return np.datetime64(text.strip().removesuffix("UTC").removesuffix("Z").strip(), "s")
    except ValueError as problem:
        raise InputError(f"at: a time must look like 2021-05-16T12:00; came {text!r}") from problem


def _apart(table: Table, near: np.datetime64 | None) -> np.ndarray:
    """Return how many hours each observation is from a time; 0 where there is no such time, or no observation has one."""
    unknown = np.isnat(table.time)
    if near is None or unknown.all():
        return np.zeros(len(table))
    return np.where(unknown, np.inf, np.abs((table.time - near) / HOUR))


def _at_level(table: Table, settings: ObservedFieldCase, field: Field) -> tuple[np.ndarray, str]:
    """Return which observations count as at the background's level, and what the others are called."""
    if settings.levels is not None:
        return Selection(level_kind=settings.level_kind, levels=settings.levels).mask(table), "at other levels"
    return at_level(table, field_pressure(field))


def field_pressure(field: Field) -> float | None:
    """Return the pressure level of a field, Pa; None where it has no level, or one that is no pressure."""
    axis = field.variable.axis("level")
    levels = pressures(axis)
    return None if axis is None or levels is None else float(levels[field.selection[axis.name]])


def _off_level(table: Table, field: Field) -> np.ndarray:
    """Return how far each observation is from the pressure level of a field, in log p; 0 where there is no such level."""
    pressure = field_pressure(field)
    if pressure is None:
        return np.zeros(len(table))
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.abs(np.log(table.level.astype("f8") / pressure))
    return np.where((table.level_kind == PRESSURE) & np.isfinite(off), off, np.inf)


def _nearest_of_each_place(table: Table, rows: np.ndarray, off_level: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Return the rows, in their order, without those that have one nearer in level, then in time, at the same place."""
    order = rows[np.lexsort((apart[rows], off_level[rows].round(6)))]
    where = np.stack([table.latitude[order], table.longitude[order]], axis=1).round(DECIMALS)
    _, first = np.unique(where, axis=0, return_index=True)
    return np.sort(order[first])


def _nothing(table: Table, settings: ObservedFieldCase, left_out: dict[str, int], near: np.datetime64 | None) -> str:
    words = ", ".join(f"{n:,} are {why}" for why, n in left_out.items() if n)
    text = f"no observation of {settings.observed} in {settings.observations} fits: of {len(table):,}, {words}"
    observed = middle(table.time)
    if left_out["at other times"] and near is not None and observed is not None:
        text += (
            f". The time asked for is {time_label(near)}, the observations are near {time_label(observed)}, "
            f"{abs(float((observed - near) / HOUR)) / 24:,.1f} days apart; case.at is the time they shall be near"
        )
    kinds = np.unique(table.level_kind)
    if any(n and "level" in why for why, n in left_out.items()) or len(kinds) > 1:
        text += f"; their levels are of kind {', '.join(LEVEL_KINDS[k] for k in kinds)}, and case.levels chooses among them"
    return text

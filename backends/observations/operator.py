"""H for observations of any file and fields of any opened dataset: what the model has where and when was observed.

Bilinear in latitude and longitude, or along the rows and columns of a projected grid; on all others the value of the cell.
Linear in log p between levels, and in time nearest or linear.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import torch

from backends.errors import InputError
from backends.fields.circular import direction, is_circular, vectors
from backends.fields.field import Axis, Variable
from backends.fields.meshes import RegularMesh
from backends.fields.meshes.between import between
from backends.geometry.domain import Rows
from backends.observations.nearness import at_level, pressures
from backends.observations.schema import GRAVITY, PRESSURE
from backends.observations.table import Table
from backends.observations.units import to_si, unit
from backends.observing.operators import LinearOperator

if TYPE_CHECKING:
    from backends.fields.dataset import FieldDataset

#: Nearest takes the field of the nearest time, however far; linear leaves out what is before the first or after the last.
InTime = Literal["nearest", "linear"]


@dataclass(frozen=True, eq=False)
class Equivalents:
    """H(x) of N observations, and of how many it could not be computed.

    Attributes
    ----------
    values
        Shape (N,), float64, in the unit of the observed variable; NaN where there is none.
    outside
        How many lie outside the grid or have no place on Earth.
    beyond
        How many of the others have no level between those of the field, or are not at the only one that it has.
    beyond_words
        What these are called.
    early_or_late
        How many of the others have no time, or none between those of the field.
    missing
        How many of the others are missing since the field is.
    """

    values: np.ndarray
    outside: int
    beyond: int
    beyond_words: str
    early_or_late: int
    missing: int


def equivalents(
    table: Table, dataset: "FieldDataset", name: str, in_time: InTime = "linear", selection: Mapping[str, int] | None = None
) -> Equivalents:
    """Interpolate a field to observations.

    Parameters
    ----------
    table
        Observations of one variable. Where the field has several levels they must be at pressures; at its only pressure level
        count those that are there, and near the surface, in the soil or at any other height those without a level.
    dataset, name
        The field; its unit is turned into the observed variable's, geopotential height into geopotential.
    in_time
        How to interpolate in time; a field of one time counts for all times.
    selection
        Indices on other axes, such as members, 0 where none is given; on the axis of times or levels, the one field that
        counts for all of them, such as a month of a climate.

    Raises
    ------
    InputError
        If there are observations of several variables, the field has another unit that cannot be turned into theirs, its
        levels are no pressures, or the observations are not at pressures.
    """
    if in_time not in ("nearest", "linear"):
        raise InputError(f"the interpolation in time must be nearest or linear; came {in_time!r}")
    variables = table.variable.counts()
    if len(variables) != 1:
        raise InputError(f"H is of one variable at a time; came observations of {', '.join(variables) or 'nothing'}")
    (observed,) = variables
    variable = dataset.variable(name)
    chosen_axes = selection or {}
    levels, times = (
        None if axis is None or axis.name in chosen_axes else axis for axis in (variable.axis("level"), variable.axis("time"))
    )
    if levels is not None and len(levels) > 1 and not (table.level_kind == PRESSURE).any():
        raise InputError(f"{variable.title} of {dataset.label} is on pressure levels; the observations of {observed} are not")

    inside = _inside(variable, table)
    chosen_level = (axis := variable.axis("level")) is not None and axis.name in chosen_axes
    up, beyond, beyond_words = (*_one(table), "") if chosen_level else _up(levels, table)
    when, late = _in_time(times, table, in_time)
    wrong = [~inside, inside & beyond, inside & ~beyond & late]
    usable = inside & ~beyond & ~late
    values = np.full(len(table), np.nan)
    if usable.any():
        operator = _horizontal(variable, table.take(usable))
        # Between 350° and 10° lies 0°: directions are interpolated as vectors.
        circular = is_circular(variable)
        total = np.zeros((2 if circular else 1, int(usable.sum())))
        when, up = when.take(usable), up.take(usable)
        for t, in_t in when.weights():
            for level, in_k in up.weights():
                share = in_t * in_k
                if not share.any():
                    continue
                chosen = dict(chosen_axes)
                chosen |= {axis.name: index for axis, index in ((times, t), (levels, level)) if axis is not None}
                field = dataset.field(name, chosen).values.astype("f8")
                for k, of in enumerate(vectors(field) if circular else [field]):
                    # A field without weight must not make the value missing: 0 · NaN is NaN.
                    total[k] += np.where(share == 0, 0.0, share * operator(torch.from_numpy(of).flatten()).numpy())
        found = direction(*total) if circular else total[0]
        values[usable] = _in_units(found, variable, observed, table.units[observed], dataset.label)
    outside, beyond_count, late_count = (int(which.sum()) for which in wrong)
    missing = int(np.isnan(values[usable]).sum())
    return Equivalents(values, outside, beyond_count, beyond_words, late_count, missing)


class _Along(NamedTuple):
    """Where N observations lie along an axis: `order` (K,) sorts it, `place` (N,) is from 0 to K − 1 on the sorted axis."""

    order: np.ndarray
    place: np.ndarray

    def take(self, which: np.ndarray) -> "_Along":
        return _Along(self.order, self.place[which])

    def weights(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the indices on the axis that have weight in linear interpolation, and the weight (N,) for each observation.

        One after the other: of millions of observations and thousands of times they would not fit into memory together.
        """
        for k in np.union1d(np.floor(self.place), np.ceil(self.place)).astype(int):
            yield int(self.order[k]), np.maximum(0.0, 1 - np.abs(self.place - k))


def _one(table: Table) -> tuple[_Along, np.ndarray]:
    """Return the places on an axis with one entry, or none: all of it."""
    return _Along(np.zeros(1, int), np.zeros(len(table))), np.zeros(len(table), bool)


def _between(axis: np.ndarray, position: np.ndarray) -> tuple[_Along, np.ndarray]:
    """Return the places on an axis in any order, and which positions lie beyond its ends."""
    order = np.argsort(axis)
    line = axis[order]
    with np.errstate(invalid="ignore"):
        # A level of single precision must not lie beyond the axis by its rounding.
        out = ~((position >= line[0] - 1e-6) & (position <= line[-1] + 1e-6))
    place = np.interp(np.where(out, line[0], position), line, np.arange(len(line)))
    return _Along(order, place), out


def _up(axis: Axis | None, table: Table) -> tuple[_Along, np.ndarray, str]:
    """Return the places on an axis of levels, which observations have none, and what these are called."""
    levels = pressures(axis)
    if axis is not None and len(axis) > 1:
        if levels is None:
            raise InputError(f"the levels on axis {axis.name} must be pressures; came {axis.labels[0]}")
        # A height of 20,000 m is no pressure of 20,000 Pa.
        position = np.where(table.level_kind == PRESSURE, table.level.astype("f8"), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            along, beyond = _between(np.log(levels), np.log(position))
        return along, beyond, "above or below its levels"
    there, words = at_level(table, None if levels is None else float(levels[0]))
    along, _ = _one(table)
    return along, ~there, words


def _in_time(axis: Axis | None, table: Table, in_time: InTime) -> tuple[_Along, np.ndarray]:
    if axis is None or len(axis) == 1:
        return _one(table)
    if axis.times is None:
        raise InputError(f"the times on axis {axis.name} must be dates, or one be chosen; came {axis.labels[0]}")
    none = np.isnat(table.time)
    seconds = np.where(none, 0, table.time.astype("i8")).astype("f8")
    line = axis.times.astype("datetime64[s]").astype("i8").astype("f8")
    if in_time == "linear":
        along, late = _between(line, seconds)
        return along, late | none
    order = np.argsort(line)
    middles = (line[order][1:] + line[order][:-1]) / 2
    return _Along(order, np.searchsorted(middles, seconds).astype("f8")), none


def _inside(variable: Variable, table: Table) -> np.ndarray:
    """Return which observations lie where the grid can be interpolated to."""
    with np.errstate(invalid="ignore"):
        there = (np.abs(table.latitude) <= 90) & (np.abs(table.longitude) <= 180)
    if not isinstance(variable.mesh, RegularMesh):
        there[there] = np.isfinite(between(variable.mesh, table.latitude[there], table.longitude[there])[1]).all(1)
        return there
    grid = variable.grid
    west, east = float(grid.longitude[0]), float(grid.longitude[-1])
    with np.errstate(invalid="ignore"):
        if not grid.periodic:
            there &= (table.longitude - west) % 360 <= east - west
        return there & (table.latitude >= float(grid.latitude[0])) & (table.latitude <= float(grid.latitude[-1]))


def _horizontal(variable: Variable, table: Table) -> LinearOperator:
    if not isinstance(variable.mesh, RegularMesh):
        cells, weight = between(variable.mesh, table.latitude, table.longitude)
        return LinearOperator(Rows(math.prod(variable.mesh.shape), torch.from_numpy(cells), torch.from_numpy(weight)))
    grid = variable.grid.to(torch.device("cpu"), torch.float64)
    return LinearOperator(grid.interpolation(torch.from_numpy(np.stack([table.latitude, table.longitude], axis=1))))


def _in_units(values: np.ndarray, variable: Variable, observed: str, wanted: str, label: str) -> np.ndarray:
    if observed == "geopotential" and (known := unit(variable.units)) is not None and known.units == "m":
        return GRAVITY * to_si(values, variable.units, "m", f"{variable.title} of {label}")
    return to_si(values, variable.units, wanted, f"{variable.title} of {label}, to be compared with {observed},")

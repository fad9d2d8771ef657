"""The case of real observations over a field of any dataset, which is the background: nobody knows the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backends.background_error.sphere import MAX_LENGTH_KM, SphereGeometry
from backends.device import compute_device, precise_dtype
from backends.errors import InputError
from backends.experiments.cases import ObservedFieldCase
from backends.experiments.field_cases import find_variable, select, usual_length
from backends.experiments.observed_grid import on_region
from backends.experiments.observed_selection import as_time, select_observations, used_with
from backends.experiments.problem_case import ReadyCase, Suggested, two_digits
from backends.fields.catalogue import Catalogue
from backends.fields.field import Field, Variable, time_label
from backends.fields.meshes import RegularMesh
from backends.fields.paths import confine
from backends.geometry.grid import LatLonGrid
from backends.observations.density import extent
from backends.observations.nearness import FAR, middle, nearest, span
from backends.observations.schema import GRAVITY, title
from backends.observations.table import Table
from backends.observations.units import from_si, unit
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator

#: σ_b² is at least this part of the mean square of the innovations, where the file's σ_o explain more of it.
LEAST_PART = 0.1


@dataclass(frozen=True, eq=False)
class Contents:
    """What a file observes: how many observations of each variable, and their units."""

    source: str
    counts: Mapping[str, int]
    units: Mapping[str, str]


def observed_field_case(settings: ObservedFieldCase, catalogue: Catalogue) -> tuple[ReadyCase, Field]:
    """Return a case with a field as the background and observations of a file over it, and the background as a field.

    Values and errors of the observations are turned into the field's unit. Left out are those at other times and levels, of
    other types and qualities, outside the field or where it is missing, and all but the nearest in time of several at a place.

    Raises
    ------
    InputError
        If a file cannot be read or lacks the variable, units do not fit, or no observation is left; reasons are counted.
    """
    dataset = catalogue.open(settings.path)
    variable = find_variable(dataset, settings.variable)
    table = observed_in(confine(settings.observations, catalogue.folder), settings.observed)
    field = dataset.field(variable.name, background_selection(settings, variable, table))
    valid_time = _valid_time(field)
    chosen = select_observations(table, settings, field, valid_time)
    some = table.take(chosen.rows)
    grid, values, done = on_region(field, extent(some.latitude, some.longitude), settings.points)
    device = compute_device()
    grid = grid.to(device, precise_dtype(device))
    background = torch.from_numpy(np.ascontiguousarray(values, "f8")).flatten().to(grid.latitude)
    places = torch.from_numpy(np.stack([some.latitude, some.longitude], axis=1)).to(background)
    used, left_out = used_with(grid, background, places, chosen, settings)
    some, places = some.take(used.cpu().numpy()), places[used]
    y, sigma = in_field_unit(some, settings.observed, variable)
    d = y.to(background) - LinearOperator(grid.interpolation(places))(background)
    if settings.errors == "alike":
        sigma = torch.full_like(sigma, torch.nan)
    case = _ready(grid, background, Observations(y.to(background), places), d, sigma, variable.units)
    case = replace(
        case,
        truth_caption=f"{len(some):,} of {title(settings.observed)}, {_times(some)}",
        background_caption=f"{dataset.label}, {field.caption}" + (f", {done}" if done else ""),
        notes=(_note(len(some), left_out, settings), *((f"The field is {done}.",) if done else ())),
        warnings=_apart(valid_time, some),
    )
    shown = replace(variable, mesh=RegularMesh(grid.to(torch.device("cpu"), torch.float64)))
    return case, Field(shown, np.asarray(values, "f4"), field.selection)


def observed_in(path: Path, name: str) -> Table:
    """Return the observations of a variable in a file; the newest few are kept.

    Raises
    ------
    InputError
        If the file cannot be read, or does not have the variable; what it has is named.
    """
    status = path.stat()
    return _observed(path, status.st_mtime_ns, status.st_size, name)


def contents_of(path: Path) -> Contents:
    """Return what a file observes.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    status = path.stat()
    return _contents(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _observed(path: Path, _modified: int, _size: int, name: str) -> Table:
    from backends.observations.decode import table_of

    table = table_of(path)
    rows = table.variable.is_in([name])
    if not rows.any():
        raise InputError(f"{path.name} has no observations of {name!r}; it has {', '.join(table.variable.counts()) or 'none'}")
    return table.take(rows)


@lru_cache(maxsize=16)
def _contents(path: Path, _modified: int, _size: int) -> Contents:
    from backends.observations.decode import table_of

    table = table_of(path)
    return Contents(path.name, table.variable.counts(), table.units)


def background_selection(settings: ObservedFieldCase, variable: Variable, table: Table) -> dict[str, int]:
    """Return the index on each axis of the background: where no time is given, the one nearest to the observations."""
    time: str | int | None = settings.time
    axis = variable.axis("time")
    if time is None and axis is not None and axis.times is not None:
        near = middle(table.time) if settings.at is None else as_time(settings.at)
        time = None if near is None else nearest(axis.times, near)
    return dict(select(variable, time=time, level=settings.level, member=settings.member))


def in_field_unit(table: Table, observed: str, variable: Variable) -> tuple[Tensor, Tensor]:
    """Return values and error standard deviations, NaN where unknown, of observations in the unit of a field, float64.

    Geopotential becomes geopotential height where the field is that.

    Raises
    ------
    InputError
        If the unit is unknown or of another kind.
    """
    units = table.units[observed]
    known = unit(variable.units)
    divisor = 1.0
    if observed == "geopotential" and known is not None and known.units == "m":
        units, divisor = "m", GRAVITY
    what = f"{variable.title}, the background of {observed},"
    value, error = (
        from_si(column.astype("f8") / divisor, variable.units, units, what, apart)
        for column, apart in ((table.value, False), (table.error, True))
    )
    return torch.from_numpy(value), torch.from_numpy(np.where(error > 0, error, np.nan))


def _ready(grid: LatLonGrid, background: Tensor, observations: Observations, d: Tensor, sigma: Tensor, units: str) -> ReadyCase:
    """Return the case of a background and observations on a grid; σ_b and σ_o begin where they explain the innovations."""
    square = float(d.square().mean())
    known = torch.isfinite(sigma)
    ratio, sigma_o = None, two_digits(square**0.5 / 3 or 1.0)
    if bool(known.any()):
        sigma_o = float(sigma[known].square().mean().sqrt())
        ratio = torch.where(known, sigma / sigma_o, 1.0).to(background)
    sigma_b = max(square - sigma_o**2, LEAST_PART * square) ** 0.5
    valid = torch.isfinite(background)
    weights = grid.area_weights() * valid
    return ReadyCase(
        domain=grid,
        truth=torch.full_like(background, torch.nan),
        background=background,
        weights=weights / weights.sum(),
        valid=valid,
        units=units,
        length_units="km",
        suggested=Suggested(two_digits(sigma_b or 1.0), usual_length(grid), sigma_o),
        longest=MAX_LENGTH_KM,
        observations=observations,
        geometry=SphereGeometry(grid),
        error_ratio=ratio,
    )


def _valid_time(field: Field) -> np.datetime64 | None:
    axis = field.variable.axis("time")
    if axis is None:
        return field.variable.time
    return None if axis.times is None else axis.times[field.selection[axis.name]].astype("datetime64[s]")


def _times(table: Table) -> str:
    known = table.time[~np.isnat(table.time)]
    if not len(known):
        return "without times"
    first, last = time_label(known.min()), time_label(known.max())
    return first if first == last else f"{first.removesuffix(' UTC')} to {last}"


def _note(count: int, left_out: dict[str, int], settings: ObservedFieldCase) -> str:
    words = ", ".join(f"{n:,} {why}" for why, n in left_out.items() if n)
    kept = f"{count:,} observations of {title(settings.observed)} are used"
    return f"{kept}; left out are {words}." if words else f"{kept}, all that the file has."


def _apart(valid_time: np.datetime64 | None, table: Table) -> tuple[str, ...]:
    """Return how far a background is from its observations in time, where that is far."""
    observed = middle(table.time)
    if valid_time is None or observed is None or abs(valid_time - observed) <= FAR:
        return ()
    later = "later" if valid_time > observed else "earlier"
    return (
        f"the background, valid at {time_label(valid_time)}, is {span(valid_time - observed)} {later} than the "
        f"observations, which are of {time_label(observed)}: most of the innovations is the weather that changed in between.",
    )

"""Cases from fields of files: one time as the truth and another as the background, or members of an ensemble."""

import math
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

import numpy as np
import torch
from torch import Tensor

from backends.background_error.sphere import MAX_LENGTH_KM, SphereGeometry
from backends.device import compute_device, precise_dtype
from backends.errors import InputError
from backends.experiments.cases import EnsembleCase, FieldCase
from backends.experiments.problem_case import ReadyCase, Suggested, two_digits
from backends.fields.catalogue import Catalogue
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Field, Variable
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import EARTH_RADIUS_KM

#: Lags that are offered where the time axis has them, hours.
USUAL_LAGS = (1, 3, 6, 12, 24, 48, 72, 120, 240)


def field_case(settings: FieldCase, catalogue: Catalogue) -> tuple[ReadyCase, Field]:
    """Return a case with one time of a field as the truth, and the truth as a field.

    Raises
    ------
    InputError
        If there is no such field, no time axis, no field that much earlier, or no values in common.
    """
    dataset = catalogue.open(settings.path)
    variable = find_variable(dataset, settings.variable)
    axis = time_axis(variable)
    selection = select(variable, time=settings.time, level=settings.level, member=settings.member, middle=True)
    truth, lag = dataset.field(variable.name, selection), 0
    if settings.background == "mean":
        background = dataset.mean_field(variable.name, axis, selection)
    else:
        lag, index = settings.lag or usual_lag(axis), truth.selection[axis.name]
        if index < lag:
            raise InputError(f"there is no field {lag} steps before {axis.labels[index]}: the data begin at {axis.labels[0]}")
        background = dataset.field(variable.name, {**selection, axis.name: index - lag})

    def differences(lag: int) -> Tensor:
        if lag >= len(axis):
            raise InputError(f"the NMC method needs times {lag} steps apart; {dataset.label} has {len(axis)} times")
        series = [_state(dataset.field(variable.name, {**selection, axis.name: k})) for k in range(len(axis))]
        fields = torch.stack(series)
        return fields[lag:] - fields[:-lag]

    case = on_grid(truth, _state(background), background.caption)
    return replace(case, lag=lag, differences=differences), truth


def ensemble_case(settings: EnsembleCase, catalogue: Catalogue) -> tuple[ReadyCase, Field]:
    """Return a case with one member as the truth, another or the mean of the rest as the background.

    The rest, without the truth, is the ensemble that B may be estimated from.

    Raises
    ------
    InputError
        If the file has no members, or not those asked for.
    """
    dataset = catalogue.open(settings.path)
    variable = find_variable(dataset, settings.variable)
    axis = variable.axis("member")
    if axis is None or len(axis) < 3:
        found = f"{len(axis)} members" if axis and len(axis) > 1 else "one member"
        raise InputError(f"{variable.title} of {dataset.label} has {found}; an ensemble case needs 3")
    chosen = {"the truth": settings.member}
    if settings.background != "mean":
        chosen["the background"] = settings.background
    for name, member in chosen.items():
        if member >= len(axis):
            raise InputError(f"member {member} cannot be {name}: {dataset.label} has members 0 to {len(axis) - 1}")
    if settings.background == settings.member:
        raise InputError(f"member {settings.member} cannot be the truth and the background at once")
    selection = select(variable, time=settings.time, level=settings.level, member=settings.member)
    truth = dataset.field(variable.name, selection)
    rest = [k for k in range(len(axis)) if k != settings.member]
    members = torch.stack([_state(dataset.field(variable.name, {**selection, axis.name: k})) for k in rest])
    if settings.background == "mean":
        background, caption = members.mean(0), f"mean of the other {len(rest)} members"
    else:
        background, caption = members[rest.index(settings.background)], axis.labels[settings.background]
    return replace(on_grid(truth, background, caption), members=members), truth


def on_grid(truth: Field, background: Tensor, caption: str) -> ReadyCase:
    """Return the case of a truth and a background on one latitude–longitude grid."""
    device = compute_device()
    grid = truth.variable.grid.to(device, precise_dtype(device))
    state = _state(truth)
    valid = torch.isfinite(state) & torch.isfinite(background)
    if not bool(valid.any()):
        raise InputError("the field has no values: every grid point is missing (NaN) in the truth or the background")
    weights = grid.area_weights() * valid
    case = ReadyCase(
        domain=grid,
        truth=state,
        background=background,
        weights=weights / weights.sum(),
        valid=valid,
        units=truth.variable.units,
        length_units="km",
        suggested=Suggested(1.0, 300.0, 0.25),
        longest=MAX_LENGTH_KM,
        truth_caption=truth.caption,
        background_caption=caption,
        geometry=SphereGeometry(grid),
    )
    return replace(case, suggested=_suggested(case, grid))


def _suggested(case: ReadyCase, grid: LatLonGrid) -> Suggested:
    """Return σ_b as the background's actual error, σ_o a quarter of it, L 15 % of the domain's height, at most 500 km."""
    assert case.background is not None
    sigma = two_digits(float(case.rmse(case.background)) or 1.0)
    return Suggested(sigma, usual_length(grid), two_digits(sigma / 4))


def usual_length(grid: LatLonGrid) -> float:
    """Return a correlation length to begin with, km: 15 % of the domain's height, at most 500 km."""
    height = float(grid.latitude[-1] - grid.latitude[0]) * math.pi / 180 * EARTH_RADIUS_KM
    return two_digits(min(max(0.15 * height, 20.0), 500.0))


def find_variable(dataset: FieldDataset, name: str) -> Variable:
    """Return a variable by its name in the file, or by a CF standard name that only one variable has."""
    if name in dataset.variables:
        return dataset.variables[name]
    fitting = [v for v in dataset.variables.values() if v.standard_name == name]
    if len(fitting) == 1:
        return fitting[0]
    names = [*dataset.variables, *(v.standard_name for v in dataset.variables.values() if v.standard_name)]
    close = get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise InputError(f"{dataset.label} has no variable {name!r}; it has {', '.join(dict.fromkeys(names))}{hint}")


def time_axis(variable: Variable) -> Axis:
    """Return the time axis of a variable that has more than one time."""
    axis = variable.axis("time")
    if axis is None or len(axis) < 2:
        raise InputError(f"{variable.title} has a single time, so there is nothing earlier that could be a background")
    return axis


def select(
    variable: Variable,
    time: str | int | None = None,
    level: float | None = None,
    member: int | None = None,
    middle: bool = False,
) -> Mapping[str, int]:
    """Return the index on each axis of a variable that a file's plain words ask for.

    Parameters
    ----------
    variable
        The variable.
    time
        ISO 8601 text, or an index.
    level
        As the file has it.
    member
        Counted from 0.
    middle
        Whether the time is the middle one where none is given, rather than the first.
    """
    selection = {}
    for axis in variable.axes:
        index = 0
        if axis.role == "time":
            index = _time_index(axis, time) if time is not None else (len(axis) // 2 if middle else 0)
        elif axis.role == "level" and level is not None:
            values = [v for v in axis.values if isinstance(v, int | float)]
            match = [k for k, v in enumerate(axis.values) if isinstance(v, int | float) and math.isclose(v, level)]
            if not match:
                raise InputError(f"{variable.title} has no level {level:g}; it has {', '.join(f'{v:g}' for v in values)}")
            index = match[0]
        elif axis.role == "member" and member is not None:
            if member >= len(axis):
                raise InputError(f"{variable.title} has members 0 to {len(axis) - 1}; came {member}")
            index = member
        selection[axis.name] = index
    return selection


def _time_index(axis: Axis, time: str | int) -> int:
    if isinstance(time, int):
        if not 0 <= time < len(axis):
            raise InputError(f"time {time} does not exist; there are times 0 to {len(axis) - 1}")
        return time
    if axis.times is None:
        raise InputError(f"the time axis has no dates; give an index from 0 to {len(axis) - 1} instead of {time!r}")
    try:
        wanted = np.datetime64(time.strip().removesuffix("UTC").removesuffix("Z").strip())
    except ValueError as problem:
        raise InputError(f"a time must look like 2019-03-16T12:00; came {time!r}") from problem
    match = np.nonzero(axis.times == wanted)[0]
    if not len(match):
        raise InputError(f"there is no time {time}; the data go from {axis.labels[0]} to {axis.labels[-1]}")
    return int(match[0])


def lags(axis: Axis) -> dict[str, int]:
    """Return the lags that an axis offers: what to call them, and how many steps they are."""
    if axis.times is not None and len(axis) > 1:
        steps = np.unique(np.diff(axis.times.astype("datetime64[s]")).astype(int))
        if len(steps) == 1 and steps[0] > 0:
            offered = {f"{h} h": h * 3600 // int(steps[0]) for h in USUAL_LAGS if h * 3600 % int(steps[0]) == 0}
            fitting = {name: count for name, count in offered.items() if count < len(axis)}
            if fitting:
                return fitting
    return {f"{count} step{'s' if count > 1 else ''}": count for count in (1, 2, 4) if count < len(axis)}


def usual_lag(axis: Axis) -> int:
    """Return 24 h where the axis has it, otherwise the longest lag up to that, otherwise one step."""
    offered = lags(axis)
    return offered.get("24 h", max((n for name, n in offered.items() if name in {"12 h", "6 h", "3 h", "1 h"}), default=1))


def _state(field: Field) -> Tensor:
    device = compute_device()
    return torch.from_numpy(field.values).flatten().to(device, precise_dtype(device))

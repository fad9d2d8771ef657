"""A twin experiment on a field of a dataset: the truth at one time, the background from earlier or the mean."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from backends.assimilation.twin import TwinExperiment
from backends.device import compute_device, precise_dtype
from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Field, Statistics, combine, statistics

BACKGROUNDS = ("earlier", "mean")
#: Lags that are offered where the time axis has them, hours.
USUAL_LAGS = (1, 3, 6, 12, 24, 48, 72, 120, 240)


@dataclass(frozen=True, eq=False)
class TwinCase:
    """The truth and the background as fields, and the experiment on them.

    `range` is that of both fields together and `error_range` that of background − truth: colour limits that hold for
    every analysis of the case.
    """

    truth: Field
    background: Field
    experiment: TwinExperiment
    range: Statistics
    error_range: Statistics


def load_case(dataset: FieldDataset, name: str, selection: Mapping[str, int], background: str, lag: int) -> TwinCase:
    """Read the truth and the background of a twin experiment.

    Parameters
    ----------
    dataset, name, selection
        The variable, and the index on each of its axes that is the truth.
    background
        ``earlier``: the same field `lag` steps before; ``mean``: the mean over the time axis.
    lag
        Steps of the time axis, at least 1.

    Raises
    ------
    InputError
        If there is no time axis, or no field that much earlier, or no values in common.
    """
    if background not in BACKGROUNDS:
        raise InputError(f"the background must be one of {', '.join(BACKGROUNDS)}; came {background!r}")
    variable = dataset.variable(name)
    axis = variable.axis("time")
    if axis is None or len(axis) < 2:
        raise InputError(f"{variable.title} has a single time, so there is nothing earlier that could be a background")
    truth = dataset.field(name, selection)
    if background == "mean":
        other = dataset.mean_field(name, axis, selection)
    else:
        index = truth.selection[axis.name]
        if lag < 1:
            raise InputError(f"the background must be at least one step earlier than the truth; came {lag}")
        if index < lag:
            raise InputError(f"there is no field {lag} steps before {axis.labels[index]}: the data begin at {axis.labels[0]}")
        other = dataset.field(name, {**selection, axis.name: index - lag})
    device = compute_device()
    dtype = precise_dtype(device)
    states = [torch.from_numpy(f.values).flatten().to(device, dtype) for f in (truth, other)]
    experiment = TwinExperiment(variable.grid.to(device, dtype), *states)
    both = combine([statistics(truth.values), statistics(other.values)])
    return TwinCase(truth, other, experiment, both, statistics(other.values - truth.values))


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

"""A run as NetCDF: the numbers of every cycle, and the states of those that the trace has kept."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from backends.cycling.trace import Kept, Moment
from backends.cycling.verification import NUMBERS
from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.experiments.cycling.netcdf import array, nearest, spans, write
from backends.experiments.cycling.race import Race
from backends.experiments.run import to_yaml

if TYPE_CHECKING:
    import xarray as xr

#: What the numbers of a cycle are.
MEANINGS = {
    "rmse_background": "root-mean-square error of the background",
    "rmse_analysis": "root-mean-square error of the analysis",
    "spread_background": "root of the mean variance that the method expects of the background",
    "spread_analysis": "root of the mean variance that the method expects of the analysis",
    "bias_background": "mean error of the background",
    "bias_analysis": "mean error of the analysis",
    "crps_background": "continuous ranked probability score of the background",
    "crps": "continuous ranked probability score of the analysis",
    "chi2_per_obs": "mean over observations of d**2 / (H P H^T + R)",
    "sigma_o2_desroziers": "mean product of residual and innovation, an estimate of R",
    "sigma_b2_desroziers": "mean product of increment and innovation, an estimate of H P H^T",
    "omb": "root-mean-square innovation y - H(x_b)",
    "oma": "root-mean-square residual y - H(x_a)",
    "omb_expected": "root of the mean of H P H^T + R, what the innovations should be",
}
#: Compression that costs little time; it is the padding that it takes away.
COMPRESSED = {"zlib": True, "complevel": 1, "shuffle": True}
PER_CYCLE = ("method", "experiment", "cycle")
STATE, OBSERVATION = ("state_cycle", "component"), ("state_cycle", "observation")


def to_netcdf(race: Race, path: Path) -> None:
    """Write a run as NetCDF-4 with the CF conventions.

    Dimensions are method, experiment, cycle, and rank for the rank histograms; state_cycle, component and observation for
    the states of the first experiment in the newest cycles, as many as the trace keeps. Numbers of a method that ended
    before the others are missing, as are observations where some cycles have fewer. Settings, seed and what was changed on
    the way are global attributes: the same settings give the same file.

    Parameters
    ----------
    race
        With at least one cycle.
    path
        Of the file; its folder is made.

    Raises
    ------
    InputError
        If there is no cycle yet, or the file cannot be written.
    """
    data = dataset_of(race)
    encoding: dict[str, dict[str, Any]] = {
        str(name): COMPRESSED for name, variable in data.variables.items() if variable.dtype.kind == "f"
    }
    for name in ("time", "state_time"):
        encoding[name] = {"_FillValue": None}
    write(data, path, encoding)


def dataset_of(race: Race) -> "xr.Dataset":
    """Return what :func:`to_netcdf` writes.

    Raises
    ------
    InputError
        If there is no cycle yet.
    """
    import xarray as xr

    if not race.trace.moments:
        raise InputError("there is nothing to export before the first cycle")
    dynamics, twin = race.dynamics, race.cycling.twin
    model_time = {"long_name": "model time", "units": dynamics.time_unit or "1"}
    labels = [contestant.label for contestant in race.cycling.contestants]
    coordinates = {
        "method": ("method", labels, {"long_name": "label of the method"}),
        "experiment": ("experiment", np.arange(race.settings.repeat), {"long_name": "independent experiment"}),
        "cycle": ("cycle", np.arange(1, race.cycle + 1), {"long_name": "number of the cycle"}),
        "time": ("cycle", np.array(twin.times), model_time),
        "state_cycle": (
            "state_cycle", [moment.number for moment in race.trace.moments],
            {"long_name": "number of a cycle whose states have been kept"},
        ),
        "state_time": ("state_cycle", [moment.time for moment in race.trace.moments], model_time),
        "component": (
            "component", list(dynamics.components) or np.arange(dynamics.size),
            {"long_name": "component of the state" if dynamics.components else "component of the state, from 0"},
        ),
    }  # fmt: skip
    fields = getattr(dynamics, "fields", ())
    if fields:
        names = np.repeat(list(fields), dynamics.size // len(fields))
        coordinates["field"] = ("component", names, {"long_name": "field that the component belongs to"})
    data = xr.Dataset({**_scores(race), **_ranks(race), **_states(race)}, coordinates, _attributes(race))
    for name in ("observed_component", "rank_count"):
        data[name].encoding = {**COMPRESSED, "dtype": "int32", "_FillValue": -1}
    return data


def _state_unit(dynamics: Dynamics) -> dict[str, str]:
    """Return the attribute with the unit of the state: 1, but none where fields with units of their own are mixed."""
    return {} if hasattr(dynamics, "fields") else {"units": "1"}


def _attributes(race: Race) -> dict[str, Any]:
    settings = race.settings
    return {
        "Conventions": "CF-1.11",
        "title": f"Cycled data assimilation on {race.dynamics.name}",
        "source": "Assimilab, python -m backends run",
        "comment": "x_b: background, x_a: analysis, H: observation operator, d = y - H(x_b)",
        "state_shape": list(getattr(race.dynamics, "shape", (race.dynamics.size,))),
        "settings": to_yaml(settings),
        "seed": settings.seed,
        "spinup": settings.spinup,
        "marks": "\n".join(f"after cycle {mark.cycle}: {mark.text}" for mark in race.marks),
    }


def _scores(race: Race) -> dict[str, Any]:
    records = [contestant.record for contestant in race.cycling.contestants]
    variables: dict[str, Any] = {}
    for name in NUMBERS:
        unit = {"units": "1"} if name == "chi2_per_obs" else _state_unit(race.dynamics)
        values = np.stack([_padded(record.of(name), race.cycle) for record in records])
        variables[name] = (PER_CYCLE, values, {**unit, "long_name": MEANINGS.get(name, name)})
    for name in sorted({name for record in records for name in record.extras}):
        values = np.full((len(records), race.settings.repeat, race.cycle), np.nan)
        for k, record in enumerate(records):
            if name in record.extras:
                kept = array(record.extras[name])
                values[k, :, record.cycles - len(kept) : record.cycles] = kept.T
        about = {"long_name": f"{name.replace('_', ' ')}, of the methods that have it"}
        variables[f"extra_{name}"] = (PER_CYCLE, values, about)
    return variables


def _padded(values: Tensor, cycles: int) -> np.ndarray:
    """Return a record (K, E) as (E, cycles), missing after K."""
    whole = np.full((values.shape[1], cycles), np.nan)
    whole[:, : len(values)] = values.T.cpu().numpy()
    return whole


def _ranks(race: Race) -> dict[str, Any]:
    """Return the rank histograms, (method, experiment, rank), missing beyond the size of an ensemble."""
    found = [contestant.record.ranks for contestant in race.cycling.contestants]
    counts = np.full((len(found), race.settings.repeat, max((r.shape[1] for r in found if r is not None), default=1)), -1)
    for k, ranks in enumerate(found):
        if ranks is not None:
            counts[k, :, : ranks.shape[1]] = ranks.cpu().numpy()
    about = {"units": "1", "long_name": "how often so many members were below the truth, after the spin-up, over components"}
    return {"rank_count": (("method", "experiment", "rank"), counts, about)}


def _states(race: Race) -> dict[str, Any]:
    moments = list(race.trace.moments)
    state = _state_unit(race.dynamics)
    variables: dict[str, Any] = {
        "truth": (STATE, array([moment.truth for moment in moments]), {**state, "long_name": "true state"}),
        **_observations(moments, state),
    }
    for name, long_name, field in (
        ("background", "background x_b, the mean of an ensemble", lambda kept: kept.background),
        ("analysis", "analysis x_a, the mean of an ensemble", lambda kept: kept.analysis),
        ("background_variance", "variance that the method expects of x_b", lambda kept: kept.background_variance),
        ("analysis_variance", "variance that the method expects of x_a", lambda kept: kept.analysis_variance),
    ):
        values = np.stack([_of_method(moments, k, field) for k in range(len(race.cycling.contestants))])
        variables[name] = (("method", *STATE), values, {**state, "long_name": long_name})
    return variables


def _of_method(moments: Sequence[Moment], number: int, field: Callable[[Kept], Tensor | None]) -> np.ndarray:
    """Return one of what is kept of a method, (moments, n), missing where there is none."""
    missing = torch.full_like(moments[0].truth, torch.nan)
    values = (None if (kept := moment.methods[number]) is None else field(kept) for moment in moments)
    return array([missing if value is None else value for value in values])


def _observations(moments: Sequence[Moment], unit: dict[str, str]) -> dict[str, Any]:
    most = max(len(moment.values) for moment in moments)
    values, sigma = np.full((2, len(moments), most), np.nan)
    components = np.full((len(moments), most), -1)
    for span, stretch in spans(moments):
        p = len(stretch[0].values)
        values[span, :p] = array([moment.values for moment in stretch])
        sigma[span, :p] = array([moment.sigma for moment in stretch])
        components[span, :p] = nearest(stretch[0]).cpu().numpy()
    return {
        "observations": (OBSERVATION, values, {**unit, "long_name": "observed values y"}),
        "sigma_o": (OBSERVATION, sigma, {**unit, "long_name": "standard deviation of errors of y that methods assume"}),
        "observed_component": (
            OBSERVATION, components, {"long_name": "component that is nearest to the observation, counted from 0"},
        ),
    }  # fmt: skip

"""Innovations and residuals of a run in the layout of the feedback files of the German Weather Service (DWD)."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from backends.cycling.trace import Kept, Moment
from backends.dynamics.base import Dynamics
from backends.errors import InputError
from backends.experiments.cycling.netcdf import nearest, spans, write
from backends.experiments.cycling.race import Race

if TYPE_CHECKING:
    import xarray as xr

#: Numbers of the code tables of feedback files: run types, run class, ensemble members, states of observations, checks.
FIRST_GUESS, ANALYSIS, ASSIMILATION = 1, 3, 2
ENSEMBLE_MEAN, DETERMINISTIC = 0, -1
ACTIVE, PASSIVE = 1, 5
NO_FLAG = 32
#: A testbed's variables have no number in the tables.
NOT_IN_TABLE = 0
#: Missing values of real numbers, those of the NetCDF library.
MISSING = np.float32(9.969209968386869e36)
#: Minutes in a unit of model time; where models have no unit of their own, a unit counts as a day.
MINUTES = {"": 1440.0, "steps": 1440.0, "days": 1440.0, "hours": 60.0, "h": 60.0, "minutes": 1.0, "s": 1 / 60}
#: Experiments begin at this time, which means nothing.
REFERENCE = 2000_01_01
#: Methods that are given the observations and do not use them.
_USE_NONE = {"free", "climatology"}


def to_feedback(race: Race, method: int, path: Path) -> None:
    """Write the observations of a run, and what one method made of them, in the layout of a DWD feedback file.

    The newest cycles of the first experiment, as many as the trace keeps. A report (`d_hdr`) is what was observed at one
    place in one cycle, of models without space all that was observed; `i_body` is the number of its first observation in
    `d_body`, counted from one, and `l_body` how many it has. `veri_data` (`d_veri`, `d_body`) has H(x_b) first and H(x_a)
    second, so that O−B is ``obs - veri_data[0]`` and O−A is ``obs - veri_data[1]``; missing after the method has ended.

    Parameters
    ----------
    race
        With at least one cycle.
    method
        Number of the method in the race, from 0.
    path
        Of the file; its folder is made.

    Raises
    ------
    InputError
        If there is no cycle or no such method, or the file cannot be written.
    """
    data = feedback_of(race, method)
    encoding: dict[str, dict[str, Any]] = {str(name): {} for name in data.variables}
    for name, variable in data.variables.items():
        if variable.dtype.kind == "f":
            encoding[str(name)] = {"_FillValue": MISSING if variable.dtype == np.float32 else None}
        elif variable.dtype.kind == "S":
            encoding[str(name)] = {"dtype": "S1", "char_dim_name": f"charlen_{variable.dtype.itemsize}"}
    write(data, path, encoding)


def file_names(race: Race) -> list[str]:
    """Return what the feedback file of each method is called: its number and its label, without odd characters."""
    labels = [re.sub(r"[^A-Za-z0-9]+", "-", contestant.label).strip("-").lower() for contestant in race.cycling.contestants]
    return [f"feedback-{k}{'-' * bool(label)}{label}.nc" for k, label in enumerate(labels, start=1)]


def feedback_of(race: Race, method: int) -> "xr.Dataset":
    """Return what :func:`to_feedback` writes.

    Raises
    ------
    InputError
        If there is no cycle or no such method.
    """
    import xarray as xr

    moments, contestants = list(race.trace.moments), race.cycling.contestants
    if not moments:
        raise InputError("there is nothing to export before the first cycle")
    if not 0 <= method < len(contestants):
        raise InputError(f"the method must be a number from 0 to {len(contestants) - 1}; came {method}")
    lat, lon = _places(race.dynamics)
    components = np.concatenate([np.tile(nearest(stretch[0]).cpu().numpy(), len(stretch)) for _, stretch in spans(moments)])
    cycles = np.repeat(np.arange(len(moments)), [len(moment.values) for moment in moments])
    stations = components % len(lat)  # several fields at a place, and all components without space, have a station in common
    key = cycles * len(lat) + stations
    order = np.argsort(key, kind="stable")  # observations of a report follow each other
    first = np.flatnonzero(np.diff(key[order], prepend=-1))
    report = _Reports(cycles[order][first], stations[order][first], first, np.diff(first, append=len(order)))
    header = _header(race, moments, report)
    names = np.array([race.dynamics.name] if len(lat) == 1 else [f"p{k}" for k in range(len(lat))], dtype="S10")
    header |= {
        "lat": ("d_hdr", lat[report.station].astype("f4"), {"long_name": "latitude", "units": "degrees_north"}),
        "lon": ("d_hdr", lon[report.station].astype("f4"), {"long_name": "longitude", "units": "degrees_east"}),
        "ident": ("d_hdr", report.station.astype("i4"), {"long_name": "station identity as a number"}),
        "statid": ("d_hdr", names[report.station], {"long_name": "station identity as a text"}),
    }
    body = _body(moments, PASSIVE if contestants[method].method.name in _USE_NONE else ACTIVE)
    body["level"] = ("d_body", components.astype("f4"), {"long_name": _levels(race.dynamics)})
    verification = _verification(race, moments, method)
    for variables in (body, verification):
        for name, (dimensions, values, about) in variables.items():
            if dimensions in ("d_body", ("d_veri", "d_body")):
                variables[name] = (dimensions, values[..., order], about)
    return xr.Dataset({**header, **body, **verification}, attrs=_attributes(race, header, body, method))


@dataclass(frozen=True)
class _Reports:
    """Of each report: its cycle, by number in the trace; its station; its first observation, from 0, and how many it has."""

    cycle: np.ndarray
    station: np.ndarray
    first: np.ndarray
    count: np.ndarray


def _header(race: Race, moments: list[Moment], report: _Reports) -> dict[str, Any]:
    """Return what each report says of itself, but for its place."""
    minutes, time = _minutes(race), np.array([moment.time for moment in moments])
    number = np.array([moment.number for moment in moments])
    same = np.ones(len(report.cycle))
    return {
        "i_body": (
            "d_hdr", (report.first + 1).astype("i4"),
            {"long_name": "number of the report's first observation in the body, counted from 1"},
        ),
        "l_body": ("d_hdr", report.count.astype("i4"), {"long_name": "number of the report's observations"}),
        "n_level": ("d_hdr", report.count.astype("i2"), {"long_name": "number of levels"}),
        "obstype": ("d_hdr", (NOT_IN_TABLE * same).astype("i1"), {"long_name": "observation type; 0: of a testbed"}),
        "codetype": ("d_hdr", (NOT_IN_TABLE * same).astype("i4"), {"long_name": "code type; 0: of a testbed"}),
        "time": (
            "d_hdr", np.rint(minutes * time[report.cycle]).astype("i4"),
            {"long_name": f"observation minus reference time, min; a unit of model time counts as {minutes:g}"},
        ),
        "r_state": ("d_hdr", (ACTIVE * same).astype("i1"), {"long_name": "state of the report; 1: active"}),
        "r_flags": ("d_hdr", (0 * same).astype("i4"), {"long_name": "flags of the report; 0: none"}),
        "r_check": ("d_hdr", (NO_FLAG * same).astype("i1"), {"long_name": "check that decided; 32: none"}),
        "model_cycle": ("d_hdr", number[report.cycle].astype("i4"), {"long_name": "number of the cycle"}),
        "model_time": ("d_hdr", time[report.cycle], {"long_name": "model time, from the start of the experiment"}),
    }  # fmt: skip


def _body(moments: list[Moment], state: int) -> dict[str, Any]:
    """Return what is said of each observation."""
    values, sigma = (
        torch.cat(parts).cpu().numpy().astype("f4") for parts in zip(*[(m.values, m.sigma) for m in moments], strict=True)
    )
    same = np.ones(len(values))
    return {
        "varno": ("d_body", (NOT_IN_TABLE * same).astype("i2"), {"long_name": "variable; 0: a component of a testbed"}),
        "obs": ("d_body", values, {"long_name": "observed value, y"}),
        "bcor": ("d_body", (0 * same).astype("f4"), {"long_name": "bias correction that obs contains"}),
        "e_o": ("d_body", sigma, {"long_name": "standard deviation of observation errors that the method assumes"}),
        "level_typ": ("d_body", (NOT_IN_TABLE * same).astype("i2"), {"long_name": "kind of level; 0: a component"}),
        "state": ("d_body", (state * same).astype("i1"), {"long_name": "state; 1: active, 5: passive, not used by the method"}),
        "flags": ("d_body", (0 * same).astype("i4"), {"long_name": "flags; 0: none"}),
        "check": ("d_body", (NO_FLAG * same).astype("i1"), {"long_name": "check that decided; 32: none"}),
    }  # fmt: skip


def _verification(race: Race, moments: list[Moment], method: int) -> dict[str, Any]:
    """Return the model equivalents, first guess and analysis, and what they are."""
    contestant, settings = race.cycling.contestants[method], race.settings
    minutes = round(_minutes(race) * settings.observations.every * settings.dynamics.dt)
    member = ENSEMBLE_MEAN if contestant.method.ensemble else DETERMINISTIC
    equivalents = np.stack([_equivalents(moments, method, analysis) for analysis in (False, True)])
    described = [f"first guess H(x_b) of {contestant.label}", f"analysis H(x_a) of {contestant.label}"]
    both = np.ones(2)
    return {
        "veri_data": (("d_veri", "d_body"), equivalents, {"long_name": "model equivalents of obs"}),
        "veri_model": ("d_veri", np.array([race.dynamics.name] * 2, dtype="S10"), {"long_name": "model"}),
        "veri_run_type": (
            "d_veri", np.array([FIRST_GUESS, ANALYSIS], "i1"), {"long_name": "type of run; 1: first guess, 3: analysis"},
        ),
        "veri_run_class": ("d_veri", (ASSIMILATION * both).astype("i1"), {"long_name": "class of run; 2: assimilation"}),
        "veri_initial_date": ("d_veri", np.array([f"{REFERENCE}0000"] * 2, dtype="S12"), {"long_name": "start, yyyymmddhhmm"}),
        "veri_forecast_time": (
            "d_veri", np.array([minutes // 60 * 100 + minutes % 60, 0], "i4"), {"long_name": "forecast time, hhhmm"},
        ),
        "veri_ens_member": (
            "d_veri", (member * both).astype("i4"), {"long_name": "member; 0: mean of an ensemble, -1: deterministic"},
        ),
        "veri_exp_id": ("d_veri", (0 * both).astype("i4"), {"long_name": "identity of the experiment"}),
        "veri_description": ("d_veri", np.array([_ascii(text) for text in described], dtype="S64"), {"long_name": "content"}),
    }  # fmt: skip


def _equivalents(moments: list[Moment], method: int, analysis: bool) -> np.ndarray:
    """Return H(x_b) or H(x_a) of all observations, missing where the method has ended."""

    def state(moment: Moment) -> Tensor:
        kept: Kept | None = moment.methods[method]
        if kept is None:
            return torch.full_like(moment.truth, torch.nan)
        return kept.analysis if analysis else kept.background

    parts = [stretch[0].operator(torch.stack([state(moment) for moment in stretch])).flatten() for _, stretch in spans(moments)]
    return torch.cat(parts).cpu().numpy().astype("f4")


def _attributes(race: Race, header: dict[str, Any], body: dict[str, Any], method: int) -> dict[str, Any]:
    minutes = header["time"][1]
    return {
        "title": f"Feedback of {_ascii(race.cycling.contestants[method].label)} on {race.dynamics.name}",
        "institution": "none: idealised experiment",
        "source": "Assimilab",
        "comment": "O-B = obs - veri_data[0], O-A = obs - veri_data[1]; truth and observations are simulated",
        "file_version_number": "1.00",
        "n_hdr": np.int32(len(header["i_body"][1])),
        "n_body": np.int32(len(body["obs"][1])),
        "n_veri": np.int32(2),
        "verification_ref_date": np.int32(REFERENCE),
        "verification_ref_time": np.int32(0),
        "verification_start": np.int32(minutes.min()),
        "verification_end": np.int32(minutes.max()),
    }


def _minutes(race: Race) -> float:
    """Return the minutes that a unit of model time counts as."""
    return MINUTES.get(race.dynamics.time_unit, MINUTES[""])


def _levels(dynamics: Dynamics) -> str:
    """Return what stands in the place of levels."""
    fields = getattr(dynamics, "fields", ())
    named = ", ".join(f"{k}: {name}" for k, name in enumerate(dynamics.components))
    if fields:
        named = f"fields {', '.join(fields)} follow each other, {dynamics.size // len(fields)} components each"
    return "component of the state, counted from 0" + f" ({named})" * bool(named)


def _places(dynamics: Dynamics) -> tuple[np.ndarray, np.ndarray]:
    """Return latitudes and longitudes of the stations: of each point of the model's grid, or one of a model without space.

    Models on the sphere have their own. A ring or a line lies on the equator; a plane is spread over the globe as a map is.
    """
    first = torch.zeros((), dtype=torch.int64)
    if dynamics.distance(first, first) is None:
        return np.zeros(1), np.zeros(1)
    rows, columns = (1, *getattr(dynamics, "shape", (dynamics.size,)))[-2:]
    latitudes = getattr(dynamics, "latitudes", (torch.arange(rows) + 0.5) * (180 / rows) - 90)
    longitudes = getattr(dynamics, "longitudes", torch.arange(columns) * (360 / columns))
    lat, lon = torch.meshgrid(latitudes.cpu(), longitudes.cpu(), indexing="ij")
    return lat.flatten().numpy(), (lon.flatten().numpy() + 180) % 360 - 180


def _ascii(text: str) -> str:
    """Return a text without what single bytes cannot hold."""
    return text.encode("ascii", "replace").decode()

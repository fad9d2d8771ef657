"""What a rollout is summarised by, and its entry for each model."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from backends.device import compute_device, device_name
from backends.experiments.rollout.settings import RolloutSettings
from backends.rollout.growth import SmallErrors
from backends.rollout.result import Forecast, Rollout
from backends.rollout.spectra import bands, power_kept

#: The quantity whose drift is summarised.
MASS = "mass"


@dataclass(frozen=True)
class Scores:
    """The scores of a model for one field, lists by lead; None where they are not defined.

    Attributes are those of the summary of an experiment, see docs/rollout.md.
    """

    rmse: list[float | None]
    rmse_se: list[float | None]
    bias: list[float | None]
    acc: list[float | None]
    acc_se: list[float | None]
    crps: list[float | None]
    crps_se: list[float | None]
    spread: list[float | None]
    skill: list[float | None]
    skill_low: list[float | None]
    skill_high: list[float | None]
    useful_lead: float | None


@dataclass(frozen=True)
class Entry(Scores):
    """What is said of a model: its scores for the first field, those of all where there are several, and what it cost."""

    name: str
    label: str
    mass_drift: float | None
    power_kept: list[list[float | None]]
    seconds_per_step: float
    members: int
    ended: str | None
    by_field: dict[str, Scores]


def summary(result: Rollout, settings: RolloutSettings, growth: SmallErrors | None = None) -> dict[str, Any]:
    """Return what a rollout is summarised by: one entry for each model in the order of the file, and the growth of errors."""
    measured = {} if growth is None else {
        "growth_rate": growth.growth.rate,
        "growth_rate_se": growth.growth.rate_se,
        "doubling_time": growth.growth.doubling_time if growth.growth.rate > 0 else None,
        "lyapunov_exponent": growth.exponent,
    }  # fmt: skip
    return measured | {
        "models": [_said(entry) for entry in entries(result, settings)],
        "leads": [round(lead, 9) for lead in result.leads.tolist()],
        "time_unit": result.time_unit,
        "unit": result.unit,
        "bands": [list(band) for band in bands(result.wavenumbers)],
        "steps": result.steps,
        "starts": len(result.start_steps),
        "baseline": settings.labels[settings.baseline_number],
        "device": device_name(compute_device()),
    }


def entries(result: Rollout, settings: RolloutSettings) -> tuple[Entry, ...]:
    """Return the scores of each model, in the order of the settings."""
    baseline = result.forecasts[settings.baseline_number]
    return tuple(_entry(result, forecast, baseline) for forecast in result.forecasts)


def mass_drift(result: Rollout, forecast: Forecast) -> Tensor:
    """Return the largest change of the mass that the truth does not share, of all starts and until each lead, (K + 1,)."""
    true = result.quantities[MASS]
    shared = (true - true[:, :1]) / result.sizes[MASS][:, None]
    return (result.drift(forecast, MASS) - shared).abs().amax(0).cummax(0).values


def _said(entry: Entry) -> dict[str, Any]:
    """Return the entry as a summary has it: name and label first, and single fields not named."""
    said = {"name": entry.name, "label": entry.label, **asdict(entry)}
    if not entry.by_field:
        del said["by_field"]
    return said


def _entry(result: Rollout, forecast: Forecast, baseline: Forecast) -> Entry:
    by_field = {key: _scores(result, forecast, baseline, k) for k, (key, _, _) in enumerate(result.scored)}
    return Entry(
        **vars(_scores(result, forecast, baseline, 0)),
        name=forecast.name,
        label=forecast.label,
        mass_drift=_drift(result, forecast),
        power_kept=[_listed(band) for band in power_kept(forecast.spectra, result.spectra, result.wavenumbers)],
        seconds_per_step=forecast.seconds / result.steps,
        members=result.members,
        ended=forecast.ended or None,
        by_field=by_field if len(by_field) > 1 else {},
    )


def _scores(result: Rollout, forecast: Forecast, baseline: Forecast, field: int) -> Scores:
    rmse, acc, crps = (score(forecast, field) for score in (result.rmse, result.acc, result.crps))
    skill = result.skill(forecast, baseline, field)
    return Scores(
        rmse=_listed(rmse.value),
        rmse_se=_listed(rmse.error),
        bias=_listed(result.bias(forecast, field).value),
        acc=_listed(acc.value),
        acc_se=_listed(acc.error),
        crps=_listed(crps.value),
        crps_se=_listed(crps.error),
        spread=_listed(result.spread(forecast, field).value),
        skill=_listed(skill.value),
        skill_low=_listed(skill.low),
        skill_high=_listed(skill.high),
        useful_lead=result.useful_lead(forecast, field),
    )


def _drift(result: Rollout, forecast: Forecast) -> float | None:
    """Return the largest change of the mass since the start that the truth does not share, at any start and lead reached."""
    if MASS not in forecast.quantities:
        return None
    drift = float(mass_drift(result, forecast)[forecast.finite_until])
    return drift if math.isfinite(drift) else None


def _listed(values: Tensor) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]

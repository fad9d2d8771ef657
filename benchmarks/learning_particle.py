"""The AI particle filter over 10,000 cycles: with and without the second term of its loss, beside ensemble filters."""

import itertools
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from backends.cycling.verification import time_mean
from backends.experiments.cycling.run import run
from backends.experiments.cycling.settings import CyclingSettings
from backends.experiments.training.particle import AIParticleFilter
from backends.experiments.training.run import train
from backends.jobs.context import LocalContext

#: Trainings by what they are called: what they differ in from the defaults, and the id that a race knows them by.
TRAININGS: dict[str, tuple[str, dict[str, Any]]] = {
    "network": ("aaaa0001", {}),
    "network, without KL": ("aaaa0002", {"kl_weight": 0}),
    "network, course's loss": ("aaaa0003", {"forecast_weight": 0}),
    "network, course's loss without KL": ("aaaa0004", {"forecast_weight": 0, "kl_weight": 0}),
}
#: The course's experiment: x₁ and x₂ observed, and a forecast model with another σ and another step.
RACE: dict[str, Any] = {
    "kind": "cycling",
    "dynamics": {"name": "lorenz63", "dt": 0.1},
    "model": {"sigma": 11.0, "dt": 0.02},
    "observations": {"every": 1, "components": [0, 1], "sigma": 0.1},
    "precision": "single",
}
#: What the EnKF with 100 members is tuned over, in short races of many experiments.
INFLATION, ADDITIVE = (1.0, 1.2, 1.5, 2.0, 2.5), (0.0, 0.1, 0.2, 0.3)
SHORT, LONG = {"cycles": 400, "spinup": 100, "repeat": 32}, {"cycles": 10_000, "spinup": 100, "repeat": 4}


def measure() -> dict[str, object]:
    """Return mean error norms, √3 times the RMSE of a cycle, of forecasts and analyses, and those that trainings report."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("ASSIMILAB_HOME")
        os.environ["ASSIMILAB_HOME"] = folder
        try:
            return _measured(Path(folder))
        finally:
            if before is None:
                del os.environ["ASSIMILAB_HOME"]
            else:
                os.environ["ASSIMILAB_HOME"] = before


def _measured(home: Path) -> dict[str, object]:
    trained = {}
    for label, (run_id, keys) in TRAININGS.items():
        context = LocalContext(checkpoint=home / "checkpoints" / run_id)
        summary = train(
            AIParticleFilter.model_validate({"kind": "training", "task": "ai-particle-filter", **keys}), home, context
        )
        trained[label] = {name: _rounded(value) for name, value in summary.items()}
    tuned, tuning = _tuned()
    methods: list[dict[str, Any]] = [
        {"name": "network", "run": run_id, "label": label} for label, (run_id, _) in TRAININGS.items()
    ]
    methods += [
        {"name": "enkf", "members": 100, **tuned, "label": "EnKF, N 100, tuned"},
        {"name": "enkf", "members": 20, "additive": 0.2, "label": "EnKF, N 20"},
        {"name": "etkf", "members": 20, "additive": 0.2, "label": "ETKF, N 20"},
        {"name": "pf", "members": 20, "regularisation": 1.0, "label": "particle filter, N 20"},
        {"name": "free", "label": "free run"},
    ]
    return {"trainings": trained, "tuning": {"chosen": tuned, "forecast errors": tuning}, "race": _errors(methods, LONG)}


def _tuned() -> tuple[dict[str, float], dict[str, float | None]]:
    """Return the inflation and the additive noise with the least forecast error, and the errors of all that were tried."""
    tried = [{"inflation": factor, "additive": noise} for factor, noise in itertools.product(INFLATION, ADDITIVE)]
    methods = [
        {"name": "enkf", "members": 100, **keys, "label": f"{keys['inflation']:g}, {keys['additive']:g}"} for keys in tried
    ]
    errors = _errors(methods, SHORT)
    forecast = {label: entry["forecast"] for label, entry in errors.items()}
    best = min(range(len(tried)), key=lambda k: list(forecast.values())[k] or math.inf)
    return tried[best], forecast


def _errors(methods: list[dict[str, Any]], length: dict[str, int]) -> dict[str, dict[str, float | None]]:
    """Return mean error norms with their standard errors, and how many experiments were lost."""
    settings = CyclingSettings.model_validate({**RACE, "methods": methods, **length})
    result: dict[str, dict[str, float | None]] = {}
    for contestant in run(settings).cycling.contestants:
        record, entry = contestant.record, {}
        for name, quantity in (("forecast", "rmse_background"), ("analysis", "rmse_analysis")):
            score = time_mean(record.of(quantity, settings.spinup))
            entry[name], entry[f"{name}, standard error"] = _rounded(3**0.5 * score.mean), _rounded(3**0.5 * score.error)
        spread = time_mean(record.of("spread_background", settings.spinup)).mean
        entry["spread of the forecast"] = _rounded(3**0.5 * spread)
        entry["experiments lost"] = int((~record.good()).sum())
        result[contestant.label] = entry
    return result


def _rounded(value: Any) -> Any:
    """Return a number with four digits behind the point, None where it is not finite, and anything else as it is."""
    if not isinstance(value, float):
        return value
    return round(value, 4) if math.isfinite(value) else None

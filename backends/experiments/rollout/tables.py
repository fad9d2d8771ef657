"""Scores and series of a rollout as tables of comma-separated values."""

import csv
import math
from collections.abc import Iterable, Sequence
from io import StringIO

import numpy as np
import torch

from backends.experiments.rollout.generalise import Trial
from backends.experiments.rollout.series import PLUME, Series, wind_from
from backends.experiments.rollout.summary import MASS, mass_drift
from backends.experiments.rollout.view import SCORES, RolloutView

#: Columns of the members of a model at a point, in the order of :class:`backends.experiments.rollout.series.Series`.
MEMBERS = ("mean", "least", f"{PLUME[0]:.0%}", f"{PLUME[1]:.0%}", "greatest")


def scores_table(view: RolloutView, baseline: str) -> list[list[str]]:
    """Return one row for each model and lead, below a row of headings; intervals hold 90 %, skill is relative to a baseline.

    Where there are several fields a first column names them.
    """
    names = [*SCORES, "skill_percent"]
    heads = [heading for name in names for heading in (name, f"{name}_low", f"{name}_high")]
    several = len(view.result.scored) > 1
    rows = [[*["field"] * several, "model", _headed("lead", view.time_unit), *heads]]
    for field, (key, _, _) in enumerate(view.result.scored):
        curves, skill = view.by_field[field], view.skill(baseline, field)
        for label in view.labels:
            bands = [*(curves[score][label] for score in SCORES), skill[label]]
            for k, lead in enumerate(view.leads.tolist()):
                values = [values[k] for band in bands for values in (band.value, band.low, band.high)]
                rows.append([*[key] * several, label, _text(lead), *map(_text, values)])
    return rows


def generalisation_table(trials: Sequence[Trial]) -> list[list[str]]:
    """Return one row for each start, model and lead, below a row of headings; intervals hold 90 %.

    The drift of the mass is the largest of any start until this lead; nothing where there is no mass.
    """
    scores, result = ("rmse", "acc"), trials[0].result
    heads = [heading for name in scores for heading in (name, f"{name}_low", f"{name}_high")]
    rows = [["shape", "dynamics", "model", _headed("lead", result.time_unit), *heads, "rmse_over_size", "mass_drift"]]
    for trial in trials:
        changed = " ".join(f"{key}={value}" for key, value in trial.changes.items())
        for forecast in trial.result.forecasts:
            curves = [getattr(trial.result, score)(forecast) for score in scores]
            columns = [values for curve in curves for values in (curve.value, curve.low, curve.high)]
            columns.append(curves[0].value / trial.size if trial.size else torch.full_like(result.leads, math.nan))
            massive = MASS in forecast.quantities
            columns.append(mass_drift(trial.result, forecast) if massive else torch.full_like(result.leads, math.nan))
            for lead, *values in zip(*(column.tolist() for column in (result.leads, *columns)), strict=True):
                rows.append([trial.shape, changed, forecast.label, *map(_text, (lead, *values))])
    return rows


def spectra_table(view: RolloutView) -> list[list[str]]:
    """Return one row for each lead and wavenumber, below a row of headings: the power of the truth and of each model.

    Of states with several fields it is that of the first.
    """
    result, unit = view.result, view.power_unit
    rows = [
        [_headed("lead", view.time_unit), "wavenumber", *(_headed(f"power {name}", unit) for name in ("truth", *view.labels))]
    ]
    spectra = [result.spectra, *(forecast.spectra for forecast in result.forecasts)]
    for k, lead in enumerate(view.leads.tolist()):
        for w, wavenumber in enumerate(result.wavenumbers.tolist()):
            rows.append([_text(lead), _text(wavenumber), *(_text(float(power[k, w])) for power in spectra)])
    return rows


def series_table(view: RolloutView, series: Iterable[Series]) -> list[list[str]]:
    """Return one row for each lead, below a row of headings: of each series the truth, and the members of each model.

    Of winds the directions are added that they come from, degrees clockwise from north.
    """
    columns: list[tuple[str, np.ndarray]] = []
    for one in series:
        head = _headed(one.name, one.unit)
        columns.append((f"{head} truth", one.truth))
        columns += [(f"{head} {m} {c}", v) for m, rows in one.models.items() for c, v in zip(MEMBERS, rows, strict=True)]
        if one.winds is not None:
            columns.append(("wind from [°] truth", wind_from(one.winds.truth)))
            columns += [(f"wind from [°] {m} mean", wind_from(mean)) for m, mean in one.winds.models.items()]
    rows = [[_headed("lead", view.time_unit), "valid", *(head for head, _ in columns)]]
    for k, lead in enumerate(view.leads.tolist()):
        rows.append([_text(lead), view.times[k], *(_text(values[k]) for _, values in columns)])
    return rows


def to_csv(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as text."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _headed(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def _text(value: float) -> str:
    """Return a number as short as it can be read back to single precision; nothing where it is not defined."""
    return "" if math.isnan(value) else f"{value:.7g}"

"""The table of models: what each scored, what it cost, and why it ended."""

import math
from html import escape

import numpy as np

from backends.experiments.rollout.view import RolloutView
from dashboard.plots.race.frame import method_colour
from dashboard.theme import number, short_time

COLUMNS = (
    (
        "RMSE, last lead",
        "Root-mean-square error of the ensemble mean at the last lead, over all starts, ± its standard error; bold: the "
        "least, and those whose 90 % interval reaches into that of the least",
    ),
    ("ACC, last lead", "Anomaly correlation at the last lead, mean over all starts"),
    ("CRPS, last lead", "Fair continuous ranked probability score at the last lead; less is better"),
    ("Spread / RMSE", "At the last lead; 1 where the ensemble knows how good it is"),
    ("Useful lead", "Lead time at which the anomaly correlation falls below 0.6"),
    ("Time per step", "Seconds of this model per step, for all starts and members together"),
)


def table(view: RolloutView, field: int = 0) -> str:
    """Return one row for each model with its scores of a field.

    Bold are the least error at the last lead and those that cannot be told from it.
    """
    bands = view.by_field[field]["rmse"]
    known = [label for label in view.labels if math.isfinite(bands[label].value[-1])]
    least = min(known, key=lambda label: float(bands[label].value[-1]), default=None)
    best = [label for label in known if least == label or bands[label].low[-1] <= bands[least or label].high[-1]]
    head = "".join(f'<th title="{escape(tip)}">{name}</th>' for name, tip in COLUMNS)
    rows = "".join(_row(view, place, label in best, field) for place, label in enumerate(view.labels))
    titles = f'<tr><th>Model</th>{head}<th class="state">State</th></tr>'
    return f'<table class="numbers race" data-role="models">{titles}{rows}</table>'


def _row(view: RolloutView, place: int, best: bool, field: int) -> str:
    forecast = view.result.forecasts[place]
    label, unit = forecast.label, view.result.scored[field][2]
    value = {score: float(bands[label].value[-1]) for score, bands in view.by_field[field].items()}
    error = float(view.result.rmse(forecast, field).error[-1])
    least = number(value["rmse"], zeros=True)
    rmse = f"<b>{least}</b>" if best else least
    cells = (
        _with(f"{rmse} ± {error:.1g}" if math.isfinite(error) else rmse, unit),
        number(value["acc"], zeros=True),
        _with(number(value["crps"], zeros=True), unit),
        number(value["spread"] / value["rmse"], zeros=True) if value["rmse"] > 0 else "–",
        _useful(view, label, field),
        short_time(forecast.seconds / view.result.steps),
    )
    swatch = f'<span class="swatch" style="background:{method_colour(place)}"></span>'
    ended = f'<span class="worse">{escape(forecast.ended)}</span>' if forecast.ended else ""
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th class="method">{swatch}{escape(label)}</th>{body}<td class="state">{ended}</td></tr>'


def _useful(view: RolloutView, label: str, field: int) -> str:
    lead = view.useful_of(field)[label]
    if lead is not None:
        return _with(number(lead), view.time_unit)
    if np.isnan(view.by_field[field]["acc"][label].value[1:]).all():  # of climatology, which has no anomaly
        return "–"
    return f"&gt; {_with(number(float(view.leads[view.result[label].finite_until])), view.time_unit)}"


def _with(text: str, unit: str) -> str:
    return f"{text} {escape(unit)}" if unit and text != "–" else text

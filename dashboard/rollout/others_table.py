"""The table of other starts and truths: what each model scores from each of them."""

from collections.abc import Sequence
from html import escape

from backends.experiments.rollout.generalise import Trial
from backends.experiments.rollout.summary import Entry
from dashboard.plots.race.frame import method_colour
from dashboard.theme import number

COLUMNS = (
    ("RMSE, last lead", "Root-mean-square error of the ensemble mean at the last lead, over all starts, ± its standard error"),
    ("RMSE / size", "The same in parts of how far the true starts are from the climate; about 1 is no better than climatology"),
    ("Useful lead", "Lead time at which the anomaly correlation falls below 0.6"),
    ("Mass drift", "Largest change of the mass that the truth does not share, over all starts and leads, in parts of the mean "
     "absolute value of the start. Persistence and climatology know no other"),
)  # fmt: skip

#: Standard errors below this part of the error are rounding.
ROUNDING = 1e-9


def table(trials: Sequence[Trial]) -> str:
    """Return one row for each start and model."""
    head = "".join(f'<th title="{escape(tip)}">{name}</th>' for name, tip in COLUMNS)
    rows = "".join(_row(trial, entry, place) for trial in trials for place, entry in enumerate(trial.entries))
    head = f"<tr><th>Start</th><th>Model</th>{head}<th>State</th></tr>"
    return f'<table class="numbers race" data-role="others">{head}{rows}</table>'


def _row(trial: Trial, entry: Entry, place: int) -> str:
    unit, last = trial.result.time_unit, entry.rmse[-1]
    error = entry.rmse_se[-1]
    differ = error is not None and last is not None and error > ROUNDING * last  # shapes that are only moved do not
    cells = (
        "–" if last is None else f"{number(last)} ± {error:.1g}" if differ else number(last),
        "–" if last is None or not trial.size else number(last / trial.size),
        _useful(trial, entry, unit),
        "–" if entry.mass_drift is None else number(float(f"{entry.mass_drift:.2g}")),
    )
    start = ""
    if place == 0:
        marked = f"<b>{escape(trial.name)}</b><br>as in the sidebar" if trial.chosen else escape(trial.name)
        start = f'<th rowspan="{len(trial.entries)}" style="vertical-align: top">{marked}</th>'
    swatch = f'<span class="swatch" style="background:{method_colour(place)}"></span>'
    ended = f'<span class="worse">{escape(entry.ended)}</span>' if entry.ended else ""
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr>{start}<th class="method">{swatch}{escape(entry.label)}</th>{body}<td class="state">{ended}</td></tr>'


def _useful(trial: Trial, entry: Entry, unit: str) -> str:
    with_unit = f" {escape(unit)}" if unit else ""
    if entry.useful_lead is not None:
        return f"{number(entry.useful_lead)}{with_unit}"
    known = [lead for lead, acc in zip(trial.result.leads.tolist(), entry.acc, strict=True) if acc is not None]
    return f"&gt; {number(known[-1])}{with_unit}" if len(known) > 1 else "–"

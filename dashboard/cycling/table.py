"""The table of scores: one row for each method."""

from collections.abc import Sequence
from html import escape

from backends.experiments.cycling.run import Entry
from backends.experiments.cycling.view import RaceView
from dashboard.plots.race.frame import method_colour
from dashboard.theme import number

#: Heading, tooltip, and the value of an entry.
COLUMNS = (
    ("RMSE background", "Time mean after the spin-up of √(mean (x_b − x_t)²) over components", "rmse_background"),
    ("RMSE analysis", "Time mean after the spin-up of √(mean (x_a − x_t)²), ± its standard error", "rmse_analysis"),
    ("Spread", "√(mean variance) that the method expects of its analysis errors; equals the RMSE where it is right",
     "spread_analysis"),
    ("CRPS", "Continuous ranked probability score of the analysis, mean over components; less is better", "crps"),
    ("χ²/p", "Mean of d² / (HPHᵀ + R); 1 where spread and σ_o are right", "chi2_per_obs"),
    ("σ_o (Desroziers)", "√(mean d_oa d_ob): the observation error that the innovations suggest", "sigma_o_desroziers"),
    ("Cycles/s", "Cycles of this method that the server computes in a second", "cycles_per_second"),
)  # fmt: skip


def table(view: RaceView, spinup: int = 0) -> str:
    """Return the scores of a race as HTML, and why there are none yet during the spin-up."""
    waiting = "" if view.cycle > spinup else f'<div class="hint">Scores begin after the spin-up of {spinup:,} cycles.</div>'
    return of_entries(view.entries) + waiting


def of_entries(entries: Sequence[Entry]) -> str:
    """Return scores as HTML; the best analysis is bold."""
    values = [entry.rmse_analysis for entry in entries if entry.rmse_analysis is not None]
    best = min(values, default=None)
    head = "".join(f'<th title="{escape(tip)}">{name}</th>' for name, tip, _ in COLUMNS)
    rows = "".join(_row(place, entry, best) for place, entry in enumerate(entries))
    titles = f'<tr><th>Method</th>{head}<th class="state">State</th></tr>'
    return f'<table class="numbers race" data-role="scores">{titles}{rows}</table>'


def _row(place: int, entry: Entry, best: float | None) -> str:
    swatch = f'<span class="swatch" style="background:{method_colour(place)}"></span>'
    cells = "".join(f"<td>{_cell(entry, key, best)}</td>" for _, _, key in COLUMNS)
    return f'<tr><th class="method">{swatch}{escape(entry.label)}</th>{cells}<td class="state">{_state(entry)}</td></tr>'


def _cell(entry: Entry, key: str, best: float | None) -> str:
    value = getattr(entry, key)
    if value is None:
        return "–"
    if key == "cycles_per_second":
        return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
    text = number(value, zeros=True)
    if key == "rmse_analysis":
        error = "" if entry.rmse_analysis_error is None else f"\u00a0±\u00a0{entry.rmse_analysis_error:.1g}"
        return f"<b>{text}</b>{error}" if value == best else f"{text}{error}"
    return text


def _state(entry: Entry) -> str:
    if entry.reason:
        return f'<span class="worse">{escape(entry.reason)}</span>'
    if entry.diverged_at is not None:
        return f'<span class="worse">lost the truth at cycle {entry.diverged_at}</span>'
    return ""

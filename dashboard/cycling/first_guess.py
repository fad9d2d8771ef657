"""The table of first guesses: how large their errors are, and whether each method knows it."""

import math
from html import escape

from backends.experiments.cycling.diagnostics import MethodDiagnostics
from backends.experiments.cycling.run import Entry
from dashboard.plots.race.frame import method_colour
from dashboard.theme import number

#: Ratios further from 1 than this factor, up or down, are marked.
OFF = 1.25
#: Heading and tooltip.
COLUMNS = (
    ("RMSE", "Time mean of √(mean (x_b − x_t)²) over components, ± its standard error"),
    ("Bias", "Mean error x_b − x_t over components and time, ± its standard error"),
    ("CRPS", "Continuous ranked probability score of the background, mean over components; less is better"),
    ("Spread / RMSE", "Root of the mean variance that the method expects, over the root of the mean squared error"),
    ("χ²/p", "Mean of d² / (HPHᵀ + R) of the innovations d"),
    ("σ_o est. / assumed", "√(mean d_oa d_ob) over the σ_o that the methods assume (Desroziers et al., 2005)"),
    ("σ_b est. / assumed", "√(mean d_ab d_ob) over √(mean HPHᵀ), at the observations (Desroziers et al., 2005)"),
)
#: Names of the ratios, in the order of the columns.
RATIOS = ("spread_ratio", "chi2", "ratio_o", "ratio_b")


def table(entries: tuple[Entry, ...], methods: tuple[MethodDiagnostics, ...]) -> str:
    """Return the numbers as HTML; the least RMSE is bold, what is off is marked."""
    values = [entry.rmse_background for entry in entries if entry.rmse_background is not None]
    best = min(values, default=None)
    head = "".join(f'<th title="{escape(tip)}">{escape(name)}</th>' for name, tip in COLUMNS)
    together = zip(entries, methods, strict=True)
    rows = "".join(_row(place, entry, method, best) for place, (entry, method) in enumerate(together))
    return f'<table class="numbers race" data-role="first-guess"><tr><th>Method</th>{head}</tr>{rows}</table>'


def _row(place: int, entry: Entry, method: MethodDiagnostics, best: float | None) -> str:
    swatch = f'<span class="swatch" style="background:{method_colour(place)}"></span>'
    if entry.rmse_background is None:
        cells = f'<td class="state" colspan="{len(COLUMNS)}">{escape(entry.reason or "–")}</td>'
    else:
        rmse = _with_error(entry.rmse_background, entry.rmse_background_error)
        bias, error = method.bias_score.mean, method.bias_score.error
        texts = [
            f"<b>{rmse}</b>" if entry.rmse_background == best else rmse,
            _marked(_with_error(bias, error), math.isfinite(error) and abs(bias) > 2 * error),
            number(method.crps),
            *(_ratio(method.overall[name]) for name in RATIOS),
        ]
        cells = "".join(f"<td>{text}</td>" for text in texts)
    return f'<tr><th class="method">{swatch}{escape(entry.label)}</th>{cells}</tr>'


def _ratio(value: float) -> str:
    off = math.isfinite(value) and not 1 / OFF <= value <= OFF
    return _marked(f"{value:.2f}" if abs(value) < 100 else number(value), off)


def _marked(text: str, off: bool) -> str:
    return f'<span class="worse">{text}</span>' if off else text


def _with_error(value: float, error: float | None) -> str:
    """Return a value to the digits that its standard error leaves, with it."""
    if error is None or not math.isfinite(error) or error <= 0:
        return number(value)
    places = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{places}f}\u00a0±\u00a0{error:.{places}f}".replace("-", "−")

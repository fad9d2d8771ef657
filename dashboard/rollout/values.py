"""The series at a point as a table: valid times, and for each variable the truth and what each model says."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from backends.experiments.rollout.series import Series
from backends.experiments.rollout.view import RolloutView
from dashboard.plots.race.frame import with_units

#: Rows of the table that are shown; all are in the file.
MOST_ROWS = 60


def values_table(view: RolloutView, series: Sequence[Series]) -> str:
    """Return one row for each lead; of several members the mean, and in brackets what holds 10–90 % of them."""
    members = view.forecasts[0].members.shape[1] > 1
    across = 1 + len(view.labels)
    first = "".join(f'<th colspan="{across}">{escape(with_units(one.name, one.unit))}</th>' for one in series)
    second = "".join(f"<th>{escape(label)}</th>" for _ in series for label in ("truth", *view.labels))
    lead = escape(with_units("lead", view.time_unit))
    head = f'<tr><th colspan="2"></th>{first}</tr><tr><th>{lead}</th><th>valid</th>{second}</tr>'
    stride = math.ceil(len(view.leads) / MOST_ROWS)
    decimals, rows = [_decimals(one.truth) for one in series], []
    for k in range(0, len(view.leads), stride):
        cells = [f"{view.leads[k]:.6g}", view.times[k]]
        for one, digits in zip(series, decimals, strict=True):
            cells.append(_number(one.truth[k], digits))
            cells += [_plume(v[:, k], digits) if members else _number(v[0, k], digits) for v in one.models.values()]
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    note = f'<div class="hint">Every {stride}. lead; all are in the file.</div>' if stride > 1 else ""
    body = f'<table class="numbers" data-role="values">{head}{"".join(rows)}</table>'
    return f'{note}<div style="overflow-x: auto">{body}</div>'


def _decimals(truth: np.ndarray) -> int:
    """Return how many decimals tell apart a hundredth of what the truth varies by."""
    known = truth[np.isfinite(truth)]
    reach = float(np.ptp(known)) if known.size else 0.0
    return min(max(2 - math.floor(math.log10(reach)), 0), 6) if reach > 0 else 2


def _plume(values: np.ndarray, digits: int) -> str:
    mean, _, low, high, _ = values
    return f"{_number(mean, digits)} ({_number(low, digits)} … {_number(high, digits)})" if math.isfinite(mean) else "–"


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}" if abs(value) < 1e7 else f"{value:.3g}"
    return text.replace("-", "−")

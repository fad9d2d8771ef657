"""What the Sensitivity tab says of a gradient: the error, what of it comes from the start, and the places that matter most."""

from html import escape

import numpy as np

from backends.experiments.rollout.sensitivity import SensitivityView
from backends.experiments.rollout.view import RolloutView
from backends.pictures.sensitivity import ratio
from dashboard.theme import number

DRAG = {
    "plane": "Drag across a map to choose another box.",
    "ring": "Drag along a figure to choose another interval.",
    "phase": "",
}
BARE = str.maketrans("", "", "[]")
FROM_START = (
    "Sum over the start of gradient × error: what a right start would take away, as long as errors are small. Of a linear "
    "model without errors of its own it is the whole RMSE"
)


def facts(view: RolloutView, answer: SensitivityView, lead: str) -> str:
    """Return the error, and what of it comes from the start."""
    unit = view.layout.units[answer.question.field]
    unit = f" {escape(unit)}" if unit else ""
    label = view.labels[answer.question.model]
    one = view.layout.kind == "phase"
    what = f"error of {escape(view.layout.names[answer.question.field])}" if one else "RMSE in the box"
    entries = [f'<span><span class="name">{what}, lead {escape(lead)}</span><b>{number(answer.rmse)}</b>{unit}</span>']
    if np.any(answer.start_error) and np.any(answer.gradient):
        entries.append(
            f'<span title="{FROM_START}"><span class="name">from errors of the start, to first order</span>'
            f"<b>{number(answer.from_start)}</b>{unit}</span>"
        )
    words = ""
    if not answer.rmse:
        words = f"{label} has no error there, and nothing to be sensitive to."
    elif not np.any(answer.gradient):
        words = f"The gradient of {label} is zero: it does not depend on where it starts."
    hint = f'<div class="hint" data-role="no-gradient">{escape(words)}</div>' if words else ""
    drag = f'<div class="hint">{DRAG[view.layout.kind]}</div>'
    return f'<div class="facts" data-role="sensitivity">{"".join(entries)}</div>{hint}{drag}'


def table(view: RolloutView, answer: SensitivityView, to: int) -> str:
    """Return the places with the largest sensitivity, with what the error of the start does there."""
    if not answer.places[to]:
        return ""
    wrong = bool(np.any(answer.start_error))
    heads = ["", "Most sensitive to", "∂RMSE/∂start", *(["Error of the start", "Product"] if wrong else [])]
    rows = []
    for k, component in enumerate(answer.places[to]):
        gradient, error = answer.gradient[component], answer.start_error[component]
        ours, theirs = view.layout.units[answer.question.field], view.unit_of(component)
        cells = [
            str(k + 1),
            escape(view.name_of(component)),
            f"{number(gradient)}{escape(ratio(ours, theirs).translate(BARE))}",
        ]
        if wrong:
            cells += [_with(error, theirs), _with(gradient * error, ours)]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{head}</th>" for head in heads)
    return (
        f'<div style="overflow-x: auto"><table class="numbers" data-role="places"><tr>{head}</tr>{"".join(rows)}</table></div>'
    )


def _with(value: float, unit: str) -> str:
    return f"{number(value)} {escape(unit)}" if unit else number(value)

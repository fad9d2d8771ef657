"""What the error of a forecast depends on, as it is kept: the Sensitivity tab of the Rollout page."""

from typing import TYPE_CHECKING, Any

import numpy as np

from backends.experiments.rollout.sensitivity import Question, SensitivityView, bounds_of
from backends.experiments.rollout.view import RolloutView
from backends.experiments.run import to_yaml
from backends.fields.raster import Raster
from backends.pictures.cf import about, units_of
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, MapPanel, NamedBars, Points, Table, labelled
from backends.pictures.rollout_states import lead_labels, places_of
from backends.pictures.style import ANALYSIS, DIVERGING, NEUTRAL, REJECTED

if TYPE_CHECKING:
    import xarray as xr

Panels = list[LinePanel | MapPanel | NamedBars]


def sensitivity(view: RolloutView, answer: SensitivityView, to: int = 0) -> Exhibit:
    """Return the error of a forecast, and its gradient with respect to the start; `to` is the field of the start."""
    return Exhibit(
        lambda: _drawing(view, answer, to), lambda: _data(view, answer), {"csv": lambda: _table(view, answer)}
    )  # fmt: skip


def titles(view: RolloutView, question: Question, to: int) -> tuple[str, str]:
    """Return what error and gradient are called, with their units."""
    layout, unit = view.layout, view.layout.units[question.field]
    lead = f"{view.leads[_lead(view, question)]:.6g} {view.time_unit}".strip()
    if layout.kind == "phase":
        return labelled(f"error at lead {lead}", unit), f"∂RMSE/∂start{ratio(unit, layout.units[to])}"
    of, at = layout.names[question.field], layout.names[to]
    return labelled(f"error of {of} at lead {lead}", unit), f"∂RMSE/∂{at} at the start{ratio(unit, layout.units[to])}"


def ratio(of: str, to: str) -> str:
    """Return the unit of an error per unit of the start, in brackets; nothing where neither has one."""
    return f" [{unit}]" if (unit := per(of, to)) else ""


def per(of: str, to: str) -> str:
    """Return the unit of an error per unit of the start; nothing where neither has one."""
    if not of and not to:
        return ""
    below = f"({to})" if set(to) & set("/ ") else to or "1"
    return f"{of or '1'} / {below}"


def _units(view: RolloutView, question: Question) -> tuple[list[str], list[str]]:
    """Return the units of errors and of the gradient, of each field or of each of the few numbers."""
    units = view.layout.units
    return list(units), [per(units[question.field], unit) for unit in units]


def _lead(view: RolloutView, question: Question) -> int:
    return question.lead // view.prepared.settings.every


def _drawing(view: RolloutView, answer: SensitivityView, to: int) -> Drawing:
    q, (error, gradient) = answer.question, titles(view, answer.question, to)
    what = f"{view.labels[q.model]}, {lead_labels(view)[_lead(view, q)]}, RMSE {answer.rmse:.4g}"
    if view.layout.kind == "phase":
        names, values = list(view.layout.names), ((error, answer.error, REJECTED), (gradient, answer.gradient, ANALYSIS))
        return Drawing(what, [NamedBars("", title, names, found, colour) for title, found, colour in values], columns=2)
    panels = _maps(view, answer, to, error, gradient) if view.layout.kind == "plane" else _lines(view, answer, error, gradient)
    return Drawing(f"{what} in the box", panels, columns=2)


def _maps(view: RolloutView, answer: SensitivityView, to: int, *names: str) -> Panels:
    layout = view.layout
    (west, east), (south, north) = bounds_of(layout, answer.question.ranges)
    box = Curve("_", "black", np.array([west, east, east, west, west]), np.array([south, south, north, north, south]))
    places = np.array([view.place(component) for component in answer.places[to]]).reshape(-1, 2)
    points = Points(places[:, 0], places[:, 1], label="most sensitive", colour=ANALYSIS, sizes=np.full(len(places), 9.0))
    panels: Panels = []
    drawn = (view.of_field(answer.error, answer.question.field), None), (view.of_field(answer.gradient, to), points)
    for name, (values, marked) in zip(names, drawn, strict=True):
        most = float(np.abs(values).max()) or 1.0
        panels.append(
            MapPanel(
                "", Raster(values.reshape(layout.shape), *layout.edges), DIVERGING, (-most, most), name,
                marked if len(places) else None, axes=(layout.axes[0], layout.axes[1]), geographic=view.on_earth,
                true_to_scale=layout.true_to_scale, lines=[box],
            )
        )  # fmt: skip
    return panels


def _lines(view: RolloutView, answer: SensitivityView, error: str, gradient: str) -> Panels:
    x = np.arange(view.layout.size)
    ((first, last),) = bounds_of(view.layout, answer.question.ranges)
    marks = [(first - 0.5, "box from"), (last + 0.5, "to")]
    zero = Curve("_", NEUTRAL, x, np.zeros(len(x)), width=0.8)
    return [
        LinePanel("", view.layout.axes[0], name, [zero, Curve("_", colour, x, values)], marks=marks)
        for name, colour, values in ((error, REJECTED, answer.error), (gradient, ANALYSIS, answer.gradient))
    ]


def _data(view: RolloutView, answer: SensitivityView) -> "xr.Dataset":
    import xarray as xr

    layout, q = view.layout, answer.question
    dims, coordinates = places_of(view)
    shape = layout.shape
    if layout.kind == "plane":
        dims, shape = ("field", *dims), (len(layout.names), *shape)
        coordinates["field"] = ("field", list(layout.names))
    told = {
        "error": "forecast minus truth at the lead",
        "gradient": f"derivative of the RMSE of {layout.names[q.field]} in the box with respect to the start",
        "start_error": "error of what the forecast begins with",
    }
    errors, slopes = _units(view, q)
    one = len(set(errors)) == 1
    if not one:  # an attribute holds for all fields
        coordinates["unit"] = (dims[0], errors, {"long_name": "unit of errors"})
        coordinates["gradient_unit"] = (dims[0], slopes, {"long_name": "unit of the gradient"})
    held: dict[str, Any] = {}
    for name, words in told.items():
        unit = (slopes if name == "gradient" else errors)[0] if one else ""
        held[name] = (dims, getattr(answer, name).reshape(shape), {"long_name": words, **units_of(unit)})
    held["rmse"] = ((), answer.rmse, {"long_name": "root-mean-square error in the box", **units_of(layout.units[q.field])})
    coordinates["lead"] = ((), float(view.leads[_lead(view, q)]), {"long_name": "lead time", "units": view.time_unit or "1"})
    title = f"Sensitivity of {view.labels[q.model]}"
    return xr.Dataset(held, coordinates, about(title, to_yaml(view.prepared.settings)))


def _table(view: RolloutView, answer: SensitivityView) -> Table:
    """Return a row for each component of the state; where rows have several units, these are columns of their own."""
    components = range(len(answer.gradient))
    names = np.array([view.name_of(k) for k in components], dtype=object)
    headings = ["error at the lead", "gradient of the RMSE", "error of the start"]
    columns: list[np.ndarray] = []
    errors, slopes = _units(view, answer.question)
    if len(set(errors)) == 1:
        headings = [labelled(name, unit) for name, unit in zip(headings, (errors[0], slopes[0], errors[0]), strict=True)]
    else:
        size = len(components) // len(errors)
        columns = [np.repeat(np.array(units, dtype=object), size) for units in (errors, slopes)]
        headings += ["unit of errors", "unit of the gradient"]
    return Table(["component", *headings], [names, answer.error, answer.gradient, answer.start_error, *columns])

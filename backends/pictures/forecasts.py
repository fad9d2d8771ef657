"""Forecasts as they are kept: the scores of the Rollout page over lead time, with their intervals."""

from typing import TYPE_CHECKING, Any

import numpy as np

from backends.experiments.rollout.tables import scores_table
from backends.experiments.rollout.view import SCORES, Band, RolloutView
from backends.experiments.run import to_yaml
from backends.pictures.cf import about
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, Table, labelled
from backends.pictures.style import METHOD_COLOURS, units_label

if TYPE_CHECKING:
    import xarray as xr

#: What the scores are called, and whether they have the unit of the field.
MEANINGS = {
    "rmse": ("root-mean-square error", True), "bias": ("mean error", True), "acc": ("anomaly correlation", False),
    "crps": ("continuous ranked probability score", True), "spread": ("spread of the members", True),
}  # fmt: skip


def forecasts(view: RolloutView) -> Exhibit:
    """Return the scores of all models over lead time; intervals hold 90 %."""
    return Exhibit(lambda: _drawing(view), lambda: _data(view), {"csv": lambda: _table(view)})


def _drawing(view: RolloutView) -> Drawing:
    panels = []
    for field, (_, title, unit) in enumerate(view.result.scored):
        for score in SCORES:
            bands = view.by_field[field][score]
            if any(np.isfinite(band.value).any() for band in bands.values()):
                panels.append(_panel(view, score, bands, title, unit))
    s = view.prepared.settings
    return Drawing(
        f"Forecasts from {len(view.prepared.starts)} starts, {s.members} members; shaded: 90 % intervals", panels, columns=2
    )


def _panel(view: RolloutView, score: str, bands: dict[str, Band], title: str, unit: str) -> LinePanel:
    name, has_unit = MEANINGS[score]
    curves = []
    for k, (label, band) in enumerate(bands.items()):
        colour = METHOD_COLOURS[k % len(METHOD_COLOURS)]
        curves.append(Curve(label, colour, view.leads, band.value))
        if np.isfinite(band.low).any():
            curves.append(Curve("_90 %", colour, view.leads, band.value, band.low, band.high))
    heading = f"{title}: {name}" if title else name
    return LinePanel(
        heading, labelled("lead", view.time_unit), labelled(score.upper() if score in ("rmse", "acc", "crps") else score,
        units_label(unit) if has_unit else ""), curves,
    )  # fmt: skip


def _data(view: RolloutView) -> "xr.Dataset":
    import xarray as xr

    keys = [key for key, _, _ in view.result.scored]
    fields: dict[str, Any] = {}
    for score in SCORES:
        name, has_unit = MEANINGS[score]
        for part in ("value", "low", "high"):
            values = [[getattr(view.by_field[f][score][m], part) for m in view.labels] for f in range(len(keys))]
            told = {"value": name, "low": f"lower end of the 90 % interval of the {name}",
                    "high": f"upper end of the 90 % interval of the {name}"}[part]  # fmt: skip
            units = {unit for _, _, unit in view.result.scored}
            unit = {"units": next(iter(units))} if has_unit and len(units) == 1 and units != {""} else {}
            fields[score if part == "value" else f"{score}_{part}"] = (
                ("field", "model", "lead"), np.array(values, np.float64), {"long_name": told, **unit})  # fmt: skip
    coordinates = {
        "field": ("field", keys, {"long_name": "what is scored"}),
        "model": ("model", list(view.labels), {"long_name": "label of the model"}),
        "lead": ("lead", view.leads.astype(np.float64), {"long_name": "lead time", "units": view.time_unit or "1"}),
    }
    return xr.Dataset(fields, coordinates, about("Scores of forecasts", to_yaml(view.prepared.settings)))


def _table(view: RolloutView) -> Table:
    settings = view.prepared.settings
    head, *rows = scores_table(view, settings.labels[settings.baseline_number])
    return Table(head, [np.array(column) for column in zip(*rows, strict=True)])

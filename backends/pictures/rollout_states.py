"""States of forecasts at one lead as they are kept: what the Play tab of the Rollout page shows."""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.experiments.rollout.shown import ShownField, shown
from backends.experiments.rollout.store import dataset
from backends.experiments.rollout.view import RolloutView
from backends.experiments.run import to_yaml
from backends.fields.raster import Raster
from backends.pictures.cf import about, units_of
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, MapPanel, Panel, Table, labelled
from backends.pictures.field_maps import LATITUDE, LONGITUDE
from backends.pictures.save import check_values
from backends.pictures.style import DASHES, DIVERGING, METHOD_COLOURS, TRUTH, FieldStyle, style_named

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Frame:
    """What of forecasts is looked at.

    Attributes
    ----------
    lead
        Number of the lead.
    field
        Number of the field, of states that are maps.
    what
        `mean` or `spread` of the members of each model, or one of them as ``member 1``; of maps.
    per_step
        Whether sums over time are those since the lead before, rather than since the start.
    plane
        Components of states that are a few numbers which are drawn against each other.
    """

    lead: int = 0
    field: int = 0
    what: str = "mean"
    per_step: bool = True
    plane: tuple[int, ...] = (0, 1)


def states(view: RolloutView, frame: Frame) -> Exhibit:
    """Return truth and forecasts at a lead; the numbers are those of all leads."""
    return Exhibit(lambda: _drawing(view, frame), lambda: _data(view, frame), {"csv": lambda: _table(view, frame)})


def lead_labels(view: RolloutView) -> list[str]:
    """Return what each lead is called, with the time that it is valid at."""
    unit = f" {view.time_unit}" if view.time_unit else ""
    return [f"lead {lead:.6g}{unit}, valid at {time}" for lead, time in zip(view.leads, view.times, strict=True)]


def map_palette(name: str, symmetric: bool) -> list[str]:
    """Return the colours of a variable; those of values about zero need limits that are symmetric, too."""
    style = style_named(name)
    return list(DIVERGING if symmetric else FieldStyle().palette if style.symmetric else style.palette)


def archived(view: RolloutView, frame: Frame) -> Exhibit:
    """Return the same picture with all that a store holds of the start: the truth and all members at all leads."""
    picture = states(view, frame)
    return Exhibit(picture.drawing, lambda: _everything(view), picture.tables)


# The picture ----------------------------------------------------------------------------------------------------------


def _drawing(view: RolloutView, frame: Frame) -> Drawing:
    kind = view.layout.kind
    panels = {"plane": _maps, "ring": _line, "phase": _phase}[kind](view, frame)
    start = f"start {view.start + 1} of {len(view.prepared.starts)}"
    columns = len(view.forecasts) + 1 if kind == "plane" and frame.what != "spread" else 3
    return Drawing(f"{lead_labels(view)[frame.lead]} · {start}", panels, columns=min(columns, 4))


def _maps(view: RolloutView, frame: Frame) -> list[Panel]:
    """Return the truth and each model, and what each differs in from the truth."""
    field, spread = shown(view, frame.field, frame.per_step), frame.what == "spread"
    limits = field.spread_limits() if spread else field.value_limits()
    unit = field.quantity.difference_unit if spread else field.unit
    name = f"spread of {field.name}" if spread else field.name
    colours = tuple(map_palette(name, limits[0] == -limits[1])), limits, labelled(name, unit)
    truth = field.truth[frame.lead]
    models = {forecast.label: field.chosen(forecast, frame.what)[frame.lead] for forecast in view.forecasts}
    drawn = models if spread else {"truth": truth, **models}
    maps: list[Panel] = [_map(view, label, values, *colours) for label, values in drawn.items()]
    if spread:
        return maps
    apart = field.difference_limit()
    bar = DIVERGING, (-apart, apart), labelled("forecast − truth", field.quantity.difference_unit)
    return [*maps, *(_map(view, f"{label} − truth", values - truth, *bar) for label, values in models.items())]


def _map(
    view: RolloutView, title: str, values: np.ndarray, palette: tuple[str, ...], limits: tuple[float, float], label: str
) -> MapPanel:  # fmt: skip
    layout = view.layout
    return MapPanel(
        title, Raster(values.reshape(layout.shape), *layout.edges), palette, limits, label,
        axes=(layout.axes[0], layout.axes[1]), geographic=view.on_earth, true_to_scale=layout.true_to_scale,
    )  # fmt: skip


def _line(view: RolloutView, frame: Frame) -> list[Panel]:
    """Return the truth along the line, and mean and members of each model."""
    layout, lead = view.layout, frame.lead
    x = np.arange(layout.size)
    curves = [Curve("truth", TRUTH, x, view.truth[lead], dashes=DASHES["truth"])]
    for k, forecast in enumerate(view.forecasts):
        colour = METHOD_COLOURS[k % len(METHOD_COLOURS)]
        curves.append(Curve(forecast.label, colour, x, forecast.mean[lead]))
        if forecast.members.shape[1] > 1:
            low, high = view.band(forecast)
            curves.append(Curve("_members", colour, x, forecast.mean[lead], low[lead], high[lead]))
    value = labelled(layout.names[0], layout.units[0])
    return [LinePanel("Mean of the members, and where most of them are", layout.axes[0], value, curves)]


def _phase(view: RolloutView, frame: Frame) -> list[Panel]:
    """Return the paths up to the lead in planes of two components."""
    names, panels, end = view.layout.names, [], frame.lead + 1
    paths = [("truth", TRUTH, view.truth)]
    paths += [(f.label, METHOD_COLOURS[k % len(METHOD_COLOURS)], f.mean) for k, f in enumerate(view.forecasts)]
    for a, b in combinations(frame.plane, 2):
        curves = []
        for label, colour, path in paths:
            x, y = path[:end, a], path[:end, b]
            dashes = DASHES["truth"] if colour == TRUTH else ()
            curves += [Curve(label, colour, x, y, dashes=dashes), Curve("_now", colour, x[-1:], y[-1:], style="o")]
        panels.append(LinePanel("Paths up to the lead", names[a], names[b], curves))
    return list(panels)


# The numbers ----------------------------------------------------------------------------------------------------------


def _data(view: RolloutView, frame: Frame) -> "xr.Dataset":
    import xarray as xr

    field, shape = shown(view, frame.field, frame.per_step), view.layout.shape
    # Refused before so much is copied.
    check_values(len(view.leads) * view.layout.size * (1 + 2 * len(view.forecasts)))
    dims, coordinates = places_of(view)
    coordinates["lead"] = ("lead", view.leads.astype(float), {"long_name": "lead time", "units": view.time_unit or "1"})
    coordinates["model"] = ("model", list(view.labels), {"long_name": "label of the model"})
    name = "state" if view.layout.kind == "phase" else field.name
    kinds = ["mean", "spread", *([frame.what] if frame.what not in ("mean", "spread") else [])]
    held: dict[str, Any] = {
        "truth": (("lead", *dims), field.truth.reshape(-1, *shape), {"long_name": f"true {name}", **units_of(field.unit)})
    }
    for what in kinds:
        values = np.stack([field.chosen(forecast, what).reshape(-1, *shape) for forecast in view.forecasts])
        attributes = {"long_name": f"{what} of {name}", **units_of(_unit(field, what))}
        held[what.replace(" ", "_")] = (("model", "lead", *dims), values, attributes)
    began = f"start {view.start + 1}, {view.times[0]}"
    return xr.Dataset(held, coordinates, about(f"Forecasts from {began}", to_yaml(view.prepared.settings)))


def _everything(view: RolloutView) -> "xr.Dataset":
    check_values(view.truth.size + sum(forecast.members.size for forecast in view.forecasts))
    return dataset(view)


def places_of(view: RolloutView) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the dimensions of a state, or of a field of it, and where its values are."""
    layout = view.layout
    if layout.kind == "phase":
        return ("component",), {"component": ("component", list(layout.names))}
    if layout.kind == "ring":
        return ("point",), {"point": ("point", np.arange(layout.size))}
    (rows, columns), (west, east, south, north) = layout.shape, layout.edges
    x = west + (np.arange(columns) + 0.5) * (east - west) / columns
    y = south + (np.arange(rows) + 0.5) * (north - south) / rows
    if view.on_earth:
        return ("lat", "lon"), {"lat": ("lat", y, LATITUDE), "lon": ("lon", x, LONGITUDE)}
    return ("y", "x"), {"y": ("y", y, {"long_name": layout.axes[1]}), "x": ("x", x, {"long_name": layout.axes[0]})}


def _table(view: RolloutView, frame: Frame) -> Table:
    """Return a row for each place at the lead; of states that are a few numbers, for each lead."""
    layout, field = view.layout, shown(view, frame.field, frame.per_step)
    if layout.kind == "phase":
        paths = {"truth": view.truth, **{forecast.label: forecast.mean for forecast in view.forecasts}}
        headings = [labelled("lead", view.time_unit), *(f"{label} {name}" for label in paths for name in layout.names)]
        return Table(headings, [view.leads, *(column for path in paths.values() for column in path.T)])
    headings, columns = _place_columns(view)
    unit, begin = _unit(field, frame.what), "spread of " if frame.what == "spread" else ""
    headings += [labelled("truth", field.unit), *(labelled(f"{begin}{label}", unit) for label in view.labels)]
    values = [field.chosen(forecast, frame.what)[frame.lead] for forecast in view.forecasts]
    return Table(headings, [*columns, field.truth[frame.lead], *values])


def _unit(field: ShownField, what: str) -> str:
    """Return the unit of what is chosen of the members: a spread is a difference."""
    return field.quantity.difference_unit if what == "spread" else field.unit


def _place_columns(view: RolloutView) -> tuple[list[str], list[np.ndarray]]:
    layout = view.layout
    if layout.kind == "ring":
        return [layout.axes[0]], [np.arange(layout.size)]
    x, y = np.array([view.place(k) for k in range(layout.size)]).T
    return [layout.axes[0], layout.axes[1]], [x, y]

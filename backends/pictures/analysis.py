"""An analysis as it is kept: the fields and the observations of the Analysis page, as a picture and as numbers."""

from typing import TYPE_CHECKING, Any

import numpy as np

from backends.experiments.outcome import Outcome
from backends.experiments.pictures import FIELDS, Marks, frame_of, marks, on_axes, rasters, states, station_rasters
from backends.experiments.prepare import Prepared
from backends.experiments.run import to_yaml
from backends.fields.field import Statistics, combine, statistics
from backends.fields.raster import Raster
from backends.pictures.cf import about, place_of
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, MapPanel, Points, Table, labelled
from backends.pictures.style import (  # fmt: skip
    ANALYSIS,
    BACKGROUND,
    DASHES,
    DIFFERENCE,
    OBSERVATIONS,
    SPREAD,
    TRUTH,
    FieldStyle,
    limits,
    style_of,
    units_label,
)

if TYPE_CHECKING:
    import xarray as xr

#: Title of each field, and what a caption says of it on maps; "" where the case says it.
TITLES = {
    "truth": ("Truth x_t", ""),
    "background": ("Background x_b", ""),
    "analysis": ("Analysis x_a", "background + increment"),
    "increment": ("Increment x_a − x_b", "points: y − H(x_b)"),
    "error": ("Error x_a − x_t", "analysis − truth"),
    "spread": ("Posterior σ_a", "points: size by influence (DFS)"),
}
#: What differs where there are only stations.
OF_STATIONS = {
    "truth": ("Observations y", ""),
    "background": ("Background", ""),
    "analysis": ("Analysis", "background + increment"),
    "error": ("Withheld: x_a − y", "where an observation was withheld"),
}
#: What differs where nobody knows the truth.
WITHOUT_TRUTH = {
    "truth": ("Observations y", ""),
    "error": ("Residual y − H(x_a)", "at the observations"),
}
#: Share of the background's errors that the colours of differences hold.
USUAL = 0.995
#: Diameter in pixels of an observation without influence, and of one that fixes one degree of freedom.
SMALL, LARGE = 3.0, 14.0
#: Operators whose observations are values of the state, and can be drawn in its colours.
DIRECT = ("point", "area", "channel")
LONG_NAMES = {
    "truth": "truth", "background": "background", "analysis": "analysis", "increment": "analysis minus background",
    "error": "analysis minus truth", "spread": "posterior standard deviation of the analysis error",
}  # fmt: skip


def titles(outcome: Outcome) -> dict[str, tuple[str, str]]:
    """Return title and caption of each field, in the order in which they are shown."""
    case, said = outcome.case, dict(TITLES)
    if frame_of(case.domain) == "stations":
        said |= OF_STATIONS
    elif not case.has_truth:
        said |= WITHOUT_TRUTH
    captions = {"truth": case.truth_caption, "background": case.background_caption}
    return {name: (title, captions.get(name, caption)) for name, (title, caption) in said.items()}


def spans(outcome: Outcome) -> tuple[Statistics, Statistics]:
    """Return what the colours of states and of differences should hold: they do not change while settings are turned."""
    case, fields, seen = outcome.case, states(outcome), marks(outcome)
    known = fields["truth"] if case.has_truth else seen.values
    span = combine([statistics(known), statistics(fields["background"])])
    # A few extreme errors must not take all the colours.
    errors = fields["background"] - fields["truth"] if case.has_truth else seen.innovation
    usual = float(np.nanquantile(np.abs(errors), USUAL))
    return span, statistics(np.array([-usual, usual]))


def analysis(prepared: Prepared, outcome: Outcome) -> Exhibit:
    """Return the fields and the observations of an analysis as they are kept."""
    _ = outcome.posterior_std, outcome.diagnostics  # computed here, for all that follows
    return Exhibit(
        lambda: _drawing(prepared, outcome),
        lambda: _data(prepared, outcome),
        {"csv": lambda: _fields_table(outcome), "observations.csv": lambda: _observations_table(outcome)},
    )


# The picture ----------------------------------------------------------------------------------------------------------


def _drawing(prepared: Prepared, outcome: Outcome) -> Drawing:
    case, units = outcome.case, units_label(outcome.case.units)
    name = quantity(prepared) or outcome.settings.case.name
    when = f" · {prepared.field.caption}" if prepared.field is not None and prepared.field.caption else ""
    title = f"{name}{when} · {heading(outcome)}"
    if frame_of(case.domain) == "line":
        return Drawing(title, _profile(outcome, units))
    panels = _maps(prepared, outcome, units)
    r = panels[0].raster
    return Drawing(title, panels, columns=3 if panels[0].geographic and r.north - r.south > 0.7 * (r.east - r.west) else 2)


def heading(outcome: Outcome) -> str:
    """Return standard deviations and scores of an analysis as its title has them."""
    units = units_label(outcome.case.units)
    scores = "" if np.isnan(outcome.rmse_analysis) else (
        f" · RMSE {outcome.rmse_background:.3g} → {outcome.rmse_analysis:.3g}{units and ' ' + units}")  # fmt: skip
    return f"σ_b {outcome.sigma_b:.3g}, σ_o {outcome.sigma_o:.3g}{units and ' ' + units}{scores}"


def quantity(prepared: Prepared) -> str:
    """Return what the state is of; nothing where it is of nothing in particular."""
    if prepared.field is not None:
        return prepared.field.variable.title
    return str(getattr(prepared.settings, "variable", "")).replace("_", " ")


def _profile(outcome: Outcome, units: str) -> list[LinePanel]:
    fields, seen = states(outcome), marks(outcome)
    # At 1 the line begins again.
    x = np.append(outcome.case.domain.coordinates()[:, 0].cpu().numpy(), 1.0)
    fields = {name: np.append(values, values[0]) for name, values in fields.items()}
    low, high = fields["analysis"] - 2 * fields["spread"], fields["analysis"] + 2 * fields["spread"]
    colours = {"truth": TRUTH, "background": BACKGROUND, "analysis": ANALYSIS}
    curves = [Curve("±2σ_a", ANALYSIS, x, fields["analysis"], low, high)]
    curves += [Curve(name, colour, x, fields[name], dashes=DASHES[name]) for name, colour in colours.items()]
    direct = outcome.settings.observations.operator == "point"
    values = Points(seen.x, seen.values, None, seen.rejected, "observations", OBSERVATIONS, outcome.sigma_o)
    apart = Points(seen.x, seen.innovation, None, seen.rejected, "y − H(x_b)", OBSERVATIONS)
    return [
        LinePanel("States and observations", "x", labelled("state", units), curves, values if direct else None),
        LinePanel(
            "Increment and innovations", "x", labelled("increment", units),
            [Curve("increment x_a − x_b", ANALYSIS, x, fields["increment"])], apart,
        ),
    ]  # fmt: skip


def _maps(prepared: Prepared, outcome: Outcome, units: str) -> list[MapPanel]:
    frame = frame_of(outcome.case.domain)
    style = style_of(prepared.field.variable) if prepared.field is not None else FieldStyle()
    span, differences = spans(outcome)
    drawn = _pixels(outcome)
    measured = labelled(quantity(prepared) or "state", units)
    panels = []
    for name, (title, caption) in titles(outcome).items():
        look, held, label = style, span, measured
        if name in ("increment", "error"):
            look, held, label = DIFFERENCE, differences, labelled("difference", units)
        elif name == "spread":
            look, held, label = SPREAD, statistics(drawn[name].values), labelled("σ_a", units)
        axes = ("x [km]", "z [km]") if frame == "plane" else ("longitude [°E]", "latitude [°N]")
        panels.append(
            MapPanel(
                f"{title} – {caption}" if caption else title, drawn[name], look.palette, limits(look, held), label,
                _points(outcome, name), axes=axes, geographic=frame != "plane",
            )
        )  # fmt: skip
    return panels


def _pixels(outcome: Outcome) -> dict[str, Raster]:
    if frame_of(outcome.case.domain) != "stations":
        return rasters(outcome, FIELDS)
    between = station_rasters(outcome)
    r = between["increment"]
    empty = Raster(np.full_like(r.values, np.nan), r.west, r.east, r.south, r.north)
    return dict.fromkeys(FIELDS, empty) | between


def _points(outcome: Outcome, name: str) -> Points | None:
    """Return the points of a field's map: stations on theirs, observations on others."""
    case, seen = outcome.case, marks(outcome)
    if frame_of(case.domain) == "stations" and name in ("truth", "background", "analysis", "error"):
        x, y = on_axes(case.domain.coordinates().cpu().numpy(), case.domain)
        shown = (case.weights > 0).cpu().numpy() if name == "error" else np.ones(len(x), dtype=bool)
        return Points(x[shown], y[shown], states(outcome)[name][shown])
    if name == "error":
        return None if case.has_truth else Points(seen.x, seen.y, seen.residual, seen.rejected)
    if name == "increment":
        return Points(seen.x, seen.y, seen.innovation, seen.rejected)
    if name == "spread":
        influence = np.zeros(len(seen.x)) if seen.signal is None else np.clip(seen.signal, 0, 1)
        return Points(seen.x, seen.y, None, seen.rejected, sizes=SMALL + (LARGE - SMALL) * np.sqrt(influence))
    # A value in the unit of another quantity has no colour here.
    direct = outcome.settings.observations.operator in DIRECT
    return Points(seen.x, seen.y, seen.values if direct else None, seen.rejected)


# The numbers ----------------------------------------------------------------------------------------------------------


def axes_of(outcome: Outcome) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the coordinates of the domain, in its own order, with their CF attributes."""
    frame = frame_of(outcome.case.domain)
    if frame == "line":
        return {"x": ("x", {"long_name": "place on the periodic line, which has length 1", "units": "1"})}
    if frame == "plane":
        return {
            "x": ("x [km]", {"long_name": "horizontal distance", "units": "km", "axis": "X"}),
            "z": ("z [km]", {"long_name": "height", "units": "km", "axis": "Z", "positive": "up"}),
        }
    return {
        "lat": ("latitude [degrees north]", {"standard_name": "latitude", "units": "degrees_north"}),
        "lon": ("longitude [degrees east]", {"standard_name": "longitude", "units": "degrees_east"}),
    }


def grid_of(outcome: Outcome) -> tuple[tuple[str, ...], tuple[int, ...], dict[str, Any]]:
    """Return dimensions and shape of a state, and its coordinates, as labelled arrays have them."""
    domain, axes = outcome.case.domain, axes_of(outcome)
    frame = frame_of(domain)
    coordinates: dict[str, Any] = {}
    places = domain.coordinates().cpu().numpy().astype(np.float64)
    shape, dims = domain.shape, tuple(axes)
    if frame in ("map", "plane"):
        dims = ("lat", "lon") if frame == "map" else ("z", "x")
        table = places.reshape(*shape, 2)
        first, second = (0, 1) if frame == "map" else (1, 0)
        coordinates[dims[0]] = (dims[0], table[:, 0, first], axes[dims[0]][1])
        coordinates[dims[1]] = (dims[1], table[0, :, second], axes[dims[1]][1])
    elif frame == "stations":
        dims, shape = ("station",), (len(places),)
        coordinates |= {name: ("station", places[:, k], axes[name][1]) for k, name in enumerate(axes)}
    else:
        shape = (len(places),)
        coordinates["x"] = ("x", places[:, 0], axes["x"][1])
    return dims, shape, coordinates


def _observed(outcome: Outcome) -> dict[str, tuple[np.ndarray, str]]:
    """Return the numbers of each observation with what they are."""
    seen: Marks = marks(outcome)
    return {
        "observed": (seen.values, "observed value y"),
        "innovation": (seen.innovation, "innovation y - H(x_b)"),
        "residual": (seen.residual, "residual y - H(x_a)"),
    }


def _data(prepared: Prepared, outcome: Outcome) -> "xr.Dataset":
    import xarray as xr

    case, axes = outcome.case, axes_of(outcome)
    dims, shape, coordinates = grid_of(outcome)
    units = {"units": case.units} if case.units else {}
    standard = prepared.field.variable.standard_name if prepared.field is not None else ""
    fields: dict[str, Any] = {}
    for name, values in states(outcome).items():
        attributes = {"long_name": LONG_NAMES[name], **units}
        if standard and name in ("truth", "background", "analysis"):
            attributes["standard_name"] = standard
        fields[name] = (dims, values.reshape(shape), attributes)
    seen = outcome.observations.places.cpu().numpy().astype(np.float64)
    for k, (name, (_, attributes)) in enumerate(axes.items()):
        told = {key: value for key, value in attributes.items() if key != "axis"}
        coordinates[f"observation_{name}"] = ("observation", seen[:, k], told)
    at = " ".join(f"observation_{name}" for name in axes)
    for name, (values, meaning) in _observed(outcome).items():
        fields[name] = (("observation",), values, {"long_name": meaning, **units})
    fields["used"] = (("observation",), outcome.used.cpu().numpy().astype(np.int8), {
        "long_name": "whether the observation was used", "flag_values": np.array([0, 1], np.int8),
        "flag_meanings": "rejected used"})  # fmt: skip
    if prepared.field is not None:
        coordinates |= place_of(prepared.field)
    data = xr.Dataset(fields, coordinates, about("Analysis", to_yaml(outcome.settings)))
    for name in ("observed", "innovation", "residual", "used"):
        data[name].encoding["coordinates"] = at
    return data


def _fields_table(outcome: Outcome) -> Table:
    units, axes = outcome.case.units, axes_of(outcome)
    places = outcome.case.domain.coordinates().cpu().numpy()
    fields = states(outcome)
    columns = [*(places[:, k].astype(np.float64) for k in range(len(axes))), *fields.values()]
    return Table([*(heading for heading, _ in axes.values()), *(labelled(name, units) for name in fields)], columns)


def _observations_table(outcome: Outcome) -> Table:
    units, axes = outcome.case.units, axes_of(outcome)
    places, found = outcome.observations.places.cpu().numpy(), _observed(outcome)
    columns = [*(places[:, k].astype(np.float64) for k in range(len(axes))), *(values for values, _ in found.values())]
    headings = [*(heading for heading, _ in axes.values()), *(labelled(name, units) for name in found), "used"]
    return Table(headings, [*columns, outcome.used.cpu().numpy().astype(int)])

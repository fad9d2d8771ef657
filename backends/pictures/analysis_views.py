"""The other tabs of the Analysis page as they are kept: B, the diagnostics, how the solver converged."""

import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.assimilation.diagnostics import Diagnostics
from backends.errors import InputError
from backends.experiments.covariance_picture import CovariancePicture, beyond_rounding
from backends.experiments.outcome import Outcome
from backends.experiments.pictures import array, frame_of, on_axes, to_raster
from backends.experiments.run import to_yaml
from backends.fields.field import statistics
from backends.fields.raster import Raster
from backends.geometry.domain import Domain
from backends.pictures.cf import about
from backends.pictures.drawing import Bars, Curve, Drawing, Exhibit, LinePanel, MapPanel, Points, Table, labelled
from backends.pictures.style import (
    ANALYSIS,
    BACKGROUND,
    DIFFERENCE,
    NEUTRAL,
    SPREAD,
    limits,
    squared_label,
    units_label,
)

if TYPE_CHECKING:
    import xarray as xr

#: Bars of a histogram, at least and at most.
FEWEST, MOST = 9, 61


def covariance(picture: CovariancePicture, outcome: Outcome) -> Exhibit:
    """Return a column of B with the standard deviations, and its eigenvalues where they are known."""
    return Exhibit(
        lambda: _covariance_drawing(picture, outcome),
        lambda: _covariance_data(picture, outcome),
        {"csv": lambda: _covariance_table(picture, outcome)},
    )


def diagnostics(outcome: Outcome) -> Exhibit:
    """Return the numbers that judge an analysis, and histograms of O−B and O−A."""
    return Exhibit(
        lambda: _diagnostics_drawing(outcome),
        lambda: _of_table(_diagnostics_table(outcome), "diagnostic", "Diagnostics", outcome),
        {"csv": lambda: _diagnostics_table(outcome)},
    )


def convergence(outcome: Outcome) -> Exhibit:
    """Return how an iterative solver came to the minimum.

    Raises
    ------
    InputError
        If the solver has no iterations.
    """
    if outcome.analysis.history is None:
        raise InputError("a closed form has no iterations; choose another solver under Method")
    return Exhibit(
        lambda: _convergence_drawing(outcome),
        lambda: _of_table(_convergence_table(outcome), "iteration", "Convergence", outcome),
        {"csv": lambda: _convergence_table(outcome)},
    )


# B --------------------------------------------------------------------------------------------------------------------


def _covariance_drawing(picture: CovariancePicture, outcome: Outcome) -> Drawing:
    units = units_label(outcome.case.units)
    squared = squared_label(units)
    at = ", ".join(f"{name} {value:.4g}" for name, value in zip(outcome.case.domain.names, picture.place, strict=True))
    panels: list[LinePanel | MapPanel] = [
        _field(outcome.case.domain, picture.column, f"Column of B at {at}", labelled("covariance", squared), True),
        _field(outcome.case.domain, picture.sigma, "√diag B", labelled("σ_b", units), False),
    ]
    if picture.spectrum is not None:
        values = np.abs(beyond_rounding(picture.spectrum))
        number = np.arange(1, len(values) + 1)
        curves = [Curve("|λ|", BACKGROUND, number, values)]
        if picture.spectrum.floor:
            curves.append(Curve("floor α λ_max", NEUTRAL, number, np.full(len(values), picture.spectrum.floor), style="--"))
        panels.append(LinePanel("Eigenvalues of B", "number", labelled("eigenvalue", squared), curves, log=True, log_x=True))
    settings = outcome.settings.background_error
    return Drawing(f"Background error covariance B, {settings.source}, σ_b {outcome.sigma_b:.3g}", panels, columns=3)


def _field(domain: Domain, values: np.ndarray, title: str, label: str, symmetric: bool) -> LinePanel | MapPanel:
    frame, places = frame_of(domain), domain.coordinates().cpu().numpy()
    if frame == "line":
        return LinePanel(title, "x", label, [Curve("_", BACKGROUND, places[:, 0], values)])
    held = statistics(values)
    style = DIFFERENCE if symmetric else SPREAD
    axes = ("x [km]", "z [km]") if frame == "plane" else ("longitude [°E]", "latitude [°N]")
    points = None
    if frame == "stations":
        x, y = on_axes(places, domain)
        points, margin = Points(x, y, values), 0.06
        across, up = margin * max(float(np.ptp(x)), 0.1), margin * max(float(np.ptp(y)), 0.1)
        nothing = np.full((2, 2), np.nan)
        raster = Raster(nothing, float(x.min()) - across, float(x.max()) + across, float(y.min()) - up, float(y.max()) + up)
    else:
        raster = to_raster(values, domain)
    return MapPanel(title, raster, style.palette, limits(style, held), label, points, axes=axes, geographic=frame != "plane")


def _covariance_table(picture: CovariancePicture, outcome: Outcome) -> Table:
    domain, units = outcome.case.domain, outcome.case.units
    places = domain.coordinates().cpu().numpy().astype(np.float64)
    names = [labelled(name, unit) for name, unit in zip(domain.names, domain.units, strict=True)]
    squared = f"({units})**2" if units else ""
    headings = [*names, labelled("column of B", squared), labelled("standard deviation", units)]
    return Table(headings, [*places.T, picture.column, picture.sigma])


def _covariance_data(picture: CovariancePicture, outcome: Outcome) -> "xr.Dataset":
    import xarray as xr

    domain, units = outcome.case.domain, outcome.case.units
    places = domain.coordinates().cpu().numpy().astype(np.float64)
    coordinates: dict[str, Any] = {
        name.replace(" ", "_"): ("point", places[:, k], {"units": unit} if unit else {})
        for k, (name, unit) in enumerate(zip(domain.names, domain.units, strict=True))
    }
    own, squared = ({"units": units}, {"units": f"({units})**2"}) if units else ({}, {})
    place = ", ".join(f"{value:g}" for value in picture.place)
    held: dict[str, Any] = {
        "column": ("point", picture.column, {"long_name": f"column of B at {place}", **squared}),
        "sigma": ("point", picture.sigma, {"long_name": "square root of the diagonal of B", **own}),
    }
    if picture.spectrum is not None:
        values = picture.spectrum.eigenvalues.detach().cpu().double().numpy()
        held["eigenvalue"] = ("number", values, {"long_name": "eigenvalue of B before the floor", **squared})
    return xr.Dataset(held, coordinates, about("Background error covariance", to_yaml(outcome.settings)))


# Diagnostics and convergence ------------------------------------------------------------------------------------------


def _diagnostics_drawing(outcome: Outcome) -> Drawing:
    d, units = outcome.diagnostics, units_label(outcome.case.units)
    used = outcome.used.cpu().numpy()
    both = {"O−B": array(outcome.analysis.innovation)[used], "O−A": array(outcome.analysis.residual)[used]}
    reach = max((float(np.abs(v).max()) for v in both.values() if v.size), default=1.0) or 1.0
    count = int(np.clip(2 * np.sqrt(max(used.sum(), 1)), FEWEST, MOST)) // 2 * 2 + 1
    edges = np.linspace(-reach, reach, count + 1)
    bars = [
        Bars(name, colour, edges[:-1], edges[1:], np.histogram(both[name], edges)[0])
        for name, colour in (("O−B", BACKGROUND), ("O−A", ANALYSIS))
    ]
    signal = np.sort(array(d.dfs_per_obs))[::-1]
    influence = Curve("_", ANALYSIS, np.arange(1, len(signal) + 1), signal, style="-" if len(signal) > 1 else "o")
    chi2 = f"χ²/p {d.chi2_per_obs:.3g}" if math.isfinite(d.chi2_per_obs) else f"J {d.j:.3g}"
    title = f"{chi2}, degrees of freedom for signal {d.dfs:.3g} of {int(used.sum())}"
    return Drawing(
        title,
        [
            LinePanel("Departures from the observations", labelled("departure", units), "number", [], bars=bars),
            LinePanel("Influence of each observation, sorted", "observation", "degrees of freedom for signal", [influence]),
        ],
        columns=2,
    )


def _diagnostics_table(outcome: Outcome) -> Table:
    d: Diagnostics = outcome.diagnostics
    named: dict[str, float] = {}
    for field in fields(d):
        value = getattr(d, field.name)
        if field.name == "chi2_interval":
            named |= {"chi2_low": value[0], "chi2_high": value[1]}
        elif field.name in ("omb", "oma"):
            named |= {f"{field.name}_mean": value.mean, f"{field.name}_std": value.std, f"{field.name}_count": value.count}
        elif field.name != "dfs_per_obs":
            named[field.name] = value
    return Table(["diagnostic", "value"], [np.array(list(named), object), np.array([float(v) for v in named.values()])])


def _convergence_table(outcome: Outcome) -> Table:
    history = outcome.analysis.history
    assert history is not None
    columns = (history.j, history.jb, history.jo, history.gradient)
    numbers = [values.detach().cpu().double().numpy() for values in columns]
    return Table(["iteration", "J", "J_b", "J_o", "norm of the gradient"], [np.arange(len(numbers[0])), *numbers])


def _convergence_drawing(outcome: Outcome) -> Drawing:
    iterations, j, jb, jo, gradient = _convergence_table(outcome).columns
    curves = [
        Curve("J", "#000000", iterations, j, width=2.2),
        Curve("J_b", BACKGROUND, iterations, np.where(jb > 0, jb, np.nan)),
        Curve("J_o", ANALYSIS, iterations, jo),
    ]
    minimum = outcome.minimum
    if minimum is not None:
        curves.append(Curve("exact minimum", NEUTRAL, iterations, np.full(len(iterations), minimum), style="--"))
    slopes = [Curve("_", "#000000", iterations, np.where(gradient > 0, gradient, np.nan))]
    return Drawing(
        f"Convergence of {outcome.settings.method.solver}, {len(iterations) - 1} iterations",
        [
            LinePanel("Cost", "iteration", "J", curves, log=True),
            LinePanel("Norm of the gradient in control space", "iteration", "‖∇J‖", slopes, log=True),
        ],
        columns=2,
    )


def _of_table(table: Table, dim: str, what: str, outcome: Outcome) -> "xr.Dataset":
    """Return a table with one row for each entry of a dimension as labelled arrays."""
    import xarray as xr

    first, *others = table.columns
    held: dict[str, Any] = {
        heading.replace(" ", "_"): (dim, values, {"long_name": heading})
        for heading, values in zip(table.headings[1:], others, strict=True)
    }
    return xr.Dataset(held, {dim: (dim, first)}, about(what, to_yaml(outcome.settings)))

"""The tuning surface of the Analysis page as it is kept: a score over two settings."""

from typing import TYPE_CHECKING

import numpy as np

from backends.experiments.outcome import Outcome
from backends.experiments.run import to_yaml
from backends.experiments.surface import Parameter, Surface
from backends.fields.field import statistics
from backends.fields.raster import Raster
from backends.pictures.cf import about
from backends.pictures.drawing import Drawing, Exhibit, MapPanel, Points, Table, labelled
from backends.pictures.style import DIFFERENCE, NEUTRAL, VIRIDIS, FieldStyle, limits, units_label

if TYPE_CHECKING:
    import xarray as xr

#: What the parameters of a surface are called.
NAMES: dict[Parameter, str] = {
    "sigma_b": "σ_b", "length": "L", "sigma_o": "σ_o", "count": "observations p", "floor": "floor α",
}  # fmt: skip
SCORES = {"rmse": "RMSE of the analysis", "chi2": "χ²/p − 1", "likelihood": "−log p(d)"}
#: Share of a surface that its colours hold.
USUAL = 0.9


def surface(found: Surface, outcome: Outcome) -> Exhibit:
    """Return a score over two parameters, with the settings as they are and the best pair."""
    return Exhibit(
        lambda: _drawing(found, outcome),
        lambda: _data(found, outcome),
        {"csv": lambda: _table(found, outcome)},
    )


def _drawing(found: Surface, outcome: Outcome) -> Drawing:
    values = found.values.numpy()
    style = DIFFERENCE if found.score == "chi2" else FieldStyle(VIRIDIS)
    (x_label, x), (y_label, y) = (_positions(axis.parameter, axis.values, outcome) for axis in (found.x, found.y))
    sides = [_edges(x), _edges(y)]
    raster = Raster(values, *sides[0], *sides[1])
    # A few extreme settings must not take all the colours.
    usual = [*np.nanquantile(values, [0, USUAL]), *((-1.0, 1.0) if found.score == "chi2" else ())]
    held = limits(style, statistics(np.array(usual)))
    units = units_label(outcome.case.units) if found.score == "rmse" else ""
    now, best = (
        [_positions(axis.parameter, (value,), outcome)[1][0] for axis, value in zip((found.x, found.y), pair, strict=True)]
        for pair in ((_current(found.x.parameter, outcome), _current(found.y.parameter, outcome)), found.best)
    )
    points = Points(np.array([now[0], best[0]]), np.array([now[1], best[1]]), colour=[NEUTRAL, "white"], sizes=np.full(2, 12.0))
    panel = MapPanel(
        "grey: the settings as they are; white: the best pair", raster, style.palette, held,
        labelled(SCORES[found.score], units), points, axes=(x_label, y_label), geographic=False,
    )  # fmt: skip
    return Drawing(f"{SCORES[found.score]} over {NAMES[found.x.parameter]} and {NAMES[found.y.parameter]}", [panel])


def _positions(parameter: Parameter, values: tuple[float, ...], outcome: Outcome) -> tuple[str, np.ndarray]:
    """Return what an axis says, and where values lie on it: all but numbers of observations by their logarithm."""
    label = labelled(NAMES[parameter], units_label(_unit(parameter, outcome)))
    at = np.array(values, dtype=float)
    return (label, at) if parameter == "count" else (f"log₁₀ {label}", np.log10(at))


def _unit(parameter: Parameter, outcome: Outcome) -> str:
    case = outcome.case
    return {"sigma_b": case.units, "sigma_o": case.units, "length": case.length_units}.get(parameter, "")


def _edges(at: np.ndarray) -> tuple[float, float]:
    half = (at[-1] - at[0]) / max(len(at) - 1, 1) / 2 or 0.5
    return float(at[0] - half), float(at[-1] + half)


def _current(parameter: Parameter, outcome: Outcome) -> float:
    return {
        "sigma_b": outcome.sigma_b, "length": outcome.length, "sigma_o": outcome.sigma_o,
        "count": float(len(outcome.observations)), "floor": max(outcome.settings.background_error.floor, 1e-12),
    }[parameter]  # fmt: skip


def _table(found: Surface, outcome: Outcome) -> Table:
    across, up = np.meshgrid(found.x.values, found.y.values)
    headings = [labelled(axis.parameter, _unit(axis.parameter, outcome)) for axis in (found.x, found.y)]
    return Table([*headings, found.score], [across.ravel(), up.ravel(), found.values.numpy().ravel()])


def _data(found: Surface, outcome: Outcome) -> "xr.Dataset":
    import xarray as xr

    held = {found.score: ((found.y.parameter, found.x.parameter), found.values.numpy(), {"long_name": SCORES[found.score]})}
    coordinates = {axis.parameter: (axis.parameter, np.array(axis.values)) for axis in (found.x, found.y)}
    return xr.Dataset(held, coordinates, about("Tuning surface", to_yaml(outcome.settings)))

"""A pinned analysis beside the current one as they are kept: the Compare tab of the Analysis page, and its script."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from backends.errors import InputError
from backends.experiments.outcome import Outcome
from backends.experiments.pictures import empty_raster, frame_of, on_axes, states, to_raster
from backends.experiments.prepare import Prepared
from backends.experiments.run import to_yaml
from backends.experiments.settings import AnalysisSettings
from backends.fields.field import combine, statistics
from backends.geometry.scattered import ScatteredPoints
from backends.pictures.analysis import DIFFERENCE, axes_of, grid_of, heading, quantity
from backends.pictures.cf import about, place_of, units_of
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, MapPanel, Points, Table, labelled
from backends.pictures.script import script
from backends.pictures.style import ANALYSIS, DASHES, NEUTRAL, PICKED, TRUTH, FieldStyle, limits, style_of, units_label

if TYPE_CHECKING:
    import xarray as xr

#: Keys of a case that two analyses must share to be compared.
OF_CASE = ("path", "variable", "level", "observations", "observed")
_PINNED = """
catalogue = Catalogue(FOLDER)
settings, earlier = from_yaml(EXPERIMENT), from_yaml(PINNED)
prepared = prepare(settings.case, catalogue)
before = prepare(earlier.case, catalogue).experiment.run(earlier)
exhibit = pinned(prepared, before, prepared.experiment.run(settings))
"""


def comparable(first: Outcome, second: Outcome) -> bool:
    """Return whether two analyses are of the same quantity on the same points."""
    return first.case.truth.shape == second.case.truth.shape and _what(first) == _what(second)


def others(first: Outcome, second: Outcome) -> tuple[str, ...]:
    """Return which of truth and background differ in two analyses that can be compared; two that have no truth do not in it."""
    pairs = {
        "truth": (first.case.truth, second.case.truth),
        "background": (first.problem.background, second.problem.background),
    }
    return tuple(name for name, states in pairs.items() if not torch.equal(*(state.nan_to_num() for state in states)))


def _what(outcome: Outcome) -> tuple[object, ...]:
    case = outcome.settings.case
    return case.name, *(getattr(case, name, None) for name in OF_CASE)


def pinned(prepared: Prepared, before: Outcome, current: Outcome) -> Exhibit:
    """Return the pinned analysis, the current one, whose case is prepared, and their difference.

    Raises
    ------
    InputError
        If they cannot be compared.
    """
    if not comparable(before, current):
        raise InputError("the pinned analysis is of another case; pin the one that is shown to compare settings of it")
    return Exhibit(
        lambda: _drawing(prepared, before, current),
        lambda: _data(prepared, before, current),
        {"csv": lambda: _table(before, current)},
    )


def _both(before: Outcome, current: Outcome) -> tuple[np.ndarray, np.ndarray]:
    first, second = (states(outcome)["analysis"] for outcome in (before, current))
    return first, second


def _drawing(prepared: Prepared, before: Outcome, current: Outcome) -> Drawing:
    first, second = _both(before, current)
    units = units_label(current.case.units)
    said = "\n".join(f"{name}: {heading(outcome)}" for name, outcome in (("pinned", before), ("current", current)))
    if frame_of(current.case.domain) == "line":
        return Drawing(said, _lines(current, first, second, units))
    style = style_of(prepared.field.variable) if prepared.field is not None else FieldStyle()
    shared = limits(style, combine([statistics(first), statistics(second)]))
    apart = limits(DIFFERENCE, statistics(second - first))
    name = labelled(quantity(prepared) or "state", units)
    drawn = (
        ("Pinned analysis", first, style, shared, name), ("Current analysis", second, style, shared, name),
        ("Current − pinned", second - first, DIFFERENCE, apart, labelled("difference", units)),
    )  # fmt: skip
    return Drawing(said, [_map(current, *panel) for panel in drawn], columns=3)


def _lines(current: Outcome, first: np.ndarray, second: np.ndarray, units: str) -> list[LinePanel]:
    # At 1 the line begins again.
    x = np.append(current.case.domain.coordinates()[:, 0].cpu().numpy(), 1.0)

    def curve(name: str, colour: str, values: np.ndarray, kind: str) -> Curve:
        return Curve(name, colour, x, np.append(values, values[0]), dashes=DASHES[kind])

    both = [curve("pinned", PICKED[0], first, "background"), curve("current", ANALYSIS, second, "analysis")]
    return [
        LinePanel("Analyses", "x", labelled("state", units), [curve("truth", TRUTH, states(current)["truth"], "truth"), *both]),
        LinePanel("Difference", "x", labelled("current − pinned", units), [curve("_", NEUTRAL, second - first, "analysis")]),
    ]


def _map(
    outcome: Outcome, title: str, values: np.ndarray, style: FieldStyle, held: tuple[float, float], label: str
) -> MapPanel:  # fmt: skip
    domain, frame = outcome.case.domain, frame_of(outcome.case.domain)
    if isinstance(domain, ScatteredPoints):
        raster = empty_raster(domain)
        points = Points(*on_axes(domain.coordinates().cpu().numpy(), domain), values)
    else:
        raster, points = to_raster(values, domain), None
    axes = ("x [km]", "z [km]") if frame == "plane" else ("longitude [°E]", "latitude [°N]")
    return MapPanel(title, raster, style.palette, held, label, points, axes=axes, geographic=frame != "plane")


def _named(before: Outcome, current: Outcome) -> dict[str, tuple[np.ndarray, str]]:
    """Return the numbers with what they are."""
    first, second = _both(before, current)
    found = {
        "pinned": (first, "pinned analysis"), "current": (second, "current analysis"),
        "difference": (second - first, "current minus pinned analysis"),
    }  # fmt: skip
    return {"truth": (states(current)["truth"], "truth"), **found} if current.case.has_truth else found


def _data(prepared: Prepared, before: Outcome, current: Outcome) -> "xr.Dataset":
    import xarray as xr

    dims, shape, coordinates = grid_of(current)
    held: dict[str, Any] = {
        name: (dims, values.reshape(shape), {"long_name": meaning, **units_of(current.case.units)})
        for name, (values, meaning) in _named(before, current).items()
    }
    if prepared.field is not None:
        coordinates |= place_of(prepared.field)
    said = about("Two analyses and their difference", to_yaml(current.settings))
    return xr.Dataset(held, coordinates, {**said, "pinned_settings": to_yaml(before.settings)})


def _table(before: Outcome, current: Outcome) -> Table:
    axes, places = axes_of(current), current.case.domain.coordinates().cpu().numpy().astype(np.float64)
    named = _named(before, current)
    headings = [*(words for words, _ in axes.values()), *(labelled(name, current.case.units) for name in named)]
    return Table(headings, [*(places[:, k] for k in range(len(axes))), *(values for values, _ in named.values())])


def pinned_script(before: AnalysisSettings, current: AnalysisSettings, name: str) -> str:
    """Return the script of two analyses and their difference, complete with the settings of both."""
    imports = {
        "backends.experiments.prepare": ["prepare"], "backends.experiments.run": ["from_yaml"],
        "backends.fields.catalogue": ["Catalogue"], "backends.pictures.pinned": ["pinned"],
    }  # fmt: skip
    literals = {
        "PINNED": ("The settings of the pinned analysis as an experiment file, see docs/experiments.md.", to_yaml(before)),
        "EXPERIMENT": ("Those of the current one.", to_yaml(current)),
    }
    return script("Analysis", name, ("nc", "csv"), imports, literals, _PINNED)

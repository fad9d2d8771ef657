"""A training as it is kept: its curves, as the live tab of the Training page has them, and its unseen cases."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.jobs.reading import RunRecord
from backends.learning.gallery import Panel, from_json
from backends.learning.metric_figures import MetricFigure, MetricLine, figures
from backends.learning.metrics import groups, metric_label
from backends.learning.smoothing import Smoother
from backends.pictures.cf import about
from backends.pictures.drawing import Curve, Drawing, Exhibit, LinePanel, Table
from backends.pictures.gallery import gallery_panels, gallery_table
from backends.pictures.style import CURVE_COLOURS, NEUTRAL

if TYPE_CHECKING:
    import xarray as xr

#: Dashes of references, in their order.
DASHES = ("--", ":", "-.")
#: What the horizontal axis of curves says.
AXES = {"iteration": "iteration", "seconds": "seconds of training"}
#: A reference that lies this many times below a curve is left out where the axis is logarithmic.
FAR = 100.0
#: The metric that tells the time of a step.
SECONDS = "seconds"


@dataclass(frozen=True)
class Look:
    """How curves are drawn: against `iteration` or `seconds`, loss smoothed over so many reports, and on which axes."""

    against: str = "iteration"
    smoothing: int = 10
    log: bool = True


def training(run: RunRecord, look: Look | None = None) -> Exhibit:
    """Return a training as it is kept.

    Raises
    ------
    InputError
        If nothing has been reported yet, or its pictures are damaged.
    """
    if not run.columns:
        raise InputError("the run has not reported anything yet")
    look, panels = look or Look(), () if run.gallery is None else from_json(run.gallery)
    tables = {"csv": lambda: _table(run), "gallery.csv": lambda: _gallery(panels)}
    return Exhibit(lambda: _drawing(run, look, panels), lambda: _data(run), tables)


def _gallery(panels: Sequence[Panel]) -> Table:
    if not panels:
        raise InputError("the run has shown no unseen cases yet")
    return gallery_table(panels)


# The picture ----------------------------------------------------------------------------------------------------------


def _drawing(run: RunRecord, look: Look, gallery: Sequence[Panel]) -> Drawing:
    counts = {name: len(values) for name, (_, values) in run.columns.items()}
    # The record does not know in which order metrics came; the loss itself comes before its terms.
    found = figures(groups(dict(sorted(counts.items(), key=lambda pair: (pair[0] != "loss", pair[0])))))
    large = [_figure(run, look, figure) for figure in found if not figure.small]
    small = [_figure(run, look, figure) for figure in found if figure.small]
    return Drawing(run.name, [*large, *gallery_panels(gallery), *small], columns=3)


def _figure(run: RunRecord, look: Look, figure: MetricFigure) -> LinePanel:
    drawn = {line.metric: curve_of(run, line.metric, look.against) for line in figure.lines}
    log = figure.log(look.log, all(bool((y > 0).all()) for _, y in drawn.values()))
    curves: list[Curve] = []
    for k, line in enumerate(figure.lines):
        colour = CURVE_COLOURS[k % len(CURVE_COLOURS)]
        x, y = drawn[line.metric]
        if line.smooth and look.smoothing > 1:
            curves.append(Curve("_", colour, x, y, width=0.4))
            y = Smoother(look.smoothing).extend(run.columns[line.metric][1])[: len(x)]
        alone = len(figure.lines) == 1 and not line.references  # then the title says what it is
        curves.append(Curve("_" if alone else line.label, colour, x, y, style="-" if len(x) > 1 else "o"))
        curves += _references(run, line, colour, x, float(np.nanmin(y, initial=np.inf)) / FAR if log else -np.inf)
    return LinePanel(figure.title, AXES[look.against], "", curves, log=log)


def _references(run: RunRecord, line: MetricLine, colour: str, x: np.ndarray, least: float) -> list[Curve]:
    """Return what a curve is measured against as level lines, but for those that would flatten it."""
    curves = []
    for k, (label, name) in enumerate(line.references):
        if name in run.columns and len(x) and (value := float(run.columns[name][1][-1])) >= least:
            ends = np.array([x[0], x[-1]], dtype=float)
            style = DASHES[k % len(DASHES)]
            curves.append(Curve(label, colour if k == 0 else NEUTRAL, ends, np.full(2, value), style=style, width=1.2))
    return curves


def curve_of(run: RunRecord, name: str, against: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a metric against the iteration, or against the time as far as that is known."""
    steps, values = run.columns[name]
    if against == "iteration" or SECONDS not in run.columns:
        return steps, values
    at, seconds = run.columns[SECONDS]
    known = int(np.searchsorted(steps, at[-1], side="right"))
    return np.interp(steps[:known], at, seconds), values[:known]


# The numbers ----------------------------------------------------------------------------------------------------------


def _on_common_steps(run: RunRecord) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return all steps at which anything was reported, and each metric there, NaN where it was not."""
    steps = np.unique(np.concatenate([at for at, _ in run.columns.values()]))
    found = {}
    for name, (at, values) in run.columns.items():
        found[name] = np.full(len(steps), np.nan)
        found[name][np.searchsorted(steps, at)] = values
    return steps, found


def _table(run: RunRecord) -> Table:
    steps, metrics = _on_common_steps(run)
    return Table(["iteration", *metrics], [steps, *metrics.values()])


def _data(run: RunRecord) -> "xr.Dataset":
    import xarray as xr

    steps, metrics = _on_common_steps(run)
    coordinates = {"iteration": ("iteration", steps, {"long_name": "iteration of the optimiser", "units": "1"})}
    fields: dict[str, Any] = {}
    for name, values in metrics.items():
        fields[variable_name(name, {*coordinates, *fields})] = ("iteration", values, {"long_name": metric_label(name)})
    return xr.Dataset(fields, coordinates, about(f"Training {run.name}"))


def variable_name(metric: str, taken: Container[str]) -> str:
    """Return what a metric is called in NetCDF, where a slash means a group; `taken` are names that others have there.

    Other programs record metrics called ``iteration``, or both ``val/loss`` and ``val_loss``.
    """
    name = metric.replace("/", "_")
    while name in taken:
        name = f"metric_{name}"
    return name

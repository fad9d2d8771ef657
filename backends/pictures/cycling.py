"""A race as it is kept: the state of a method and the errors of all of them, as the live tab of the Cycling page has them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from backends.cycling.verification import NUMBERS
from backends.experiments.cycling.export import dataset_of
from backends.experiments.cycling.feedback import to_feedback
from backends.experiments.cycling.layout import Layout, layout_of
from backends.experiments.cycling.race import Race, changes
from backends.experiments.cycling.view import RaceView, view
from backends.pictures.cycling_states import HISTORY, state_panels
from backends.pictures.drawing import Bars, Curve, Drawing, Exhibit, LinePanel, Table
from backends.pictures.style import ANALYSIS, BACKGROUND, METHOD_COLOURS, NEUTRAL

if TYPE_CHECKING:
    import xarray as xr

#: A burst, such as the first cycles, is cut off at so many medians rather than that it flattens all the rest.
MOST_MEDIANS = 4.0
#: Ends of the histogram of normalised innovations, beyond which all is counted in its first and last bar, and their number.
REACH, BARS = 4.0, 17


@dataclass(frozen=True, eq=False)
class Space:
    """How states of a race are laid out, and mean and standard deviation (n,) of its climate."""

    layout: Layout
    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, race: Race) -> Self:
        """Return that of a race."""
        climate = race.climate
        return cls(layout_of(race.dynamics), climate.mean.cpu().numpy(), climate.covariance.variance().sqrt().cpu().numpy())


@dataclass(frozen=True)
class Look:
    """What is looked at: the method whose states are shown, the newest cycles of the lines, a field, and how errors are drawn.

    Attributes are the number of the method and of the field, both from 0.
    """

    method: int = 0
    window: int = 400
    field: int = 0
    log: bool = False


def cycling(race: Race, look: Look | None = None) -> Exhibit:
    """Return what there is to see of a race now; it must not be stepped meanwhile."""
    look = look or Look()
    space = Space.of(race)
    seen = view(race, look.method, look.window, HISTORY[space.layout.kind])
    return exhibit(seen, space, look, lambda: dataset_of(race), lambda path: to_feedback(race, look.method, path))


def exhibit(
    seen: RaceView, space: Space, look: Look, whole: "Callable[[], xr.Dataset]", feedback: Callable[[Path], None]
) -> Exhibit:
    """Return a moment of a race as it is kept.

    Parameters
    ----------
    seen, space, look
        What the picture is made of.
    whole
        Returns the numbers of every cycle and the newest states.
    feedback
        Writes the innovations of the method in the layout of a feedback file.
    """
    return Exhibit(lambda: _drawing(seen, space, look), whole, {"csv": lambda: _table(whole())}, {"feedback.nc": feedback})


# The picture ----------------------------------------------------------------------------------------------------------


def _drawing(seen: RaceView, space: Space, look: Look) -> Drawing:
    settings = seen.stages[-1][1]
    title = f"{settings.title or settings.dynamics.name} · cycle {seen.cycle:,} · states of {seen.labels[seen.chosen]}"
    states = state_panels(seen, space.layout, space.mean, space.spread, look.field)
    return Drawing(title, [_errors(seen, look.log), *states, *_innovations(seen)], columns=3, wide=1)


def _errors(seen: RaceView, log: bool) -> LinePanel:
    """Return RMSE of analysis and background, and spread, of every method."""
    curves, nothing = [], np.array([np.nan])
    for k, (label, series) in enumerate(zip(seen.labels, seen.series, strict=True)):
        colour = METHOD_COLOURS[k % len(METHOD_COLOURS)]
        curves += [
            Curve("_background", colour, seen.cycles, series["rmse_background"], width=0.7),
            Curve("_spread", colour, seen.cycles, series["spread_analysis"], style="--", width=1.2),
            Curve(label, colour, seen.cycles, series["rmse_analysis"], width=1.8),
        ]
    limits = None if log else _calm([*(c.y for c in curves), np.array([seen.sigma])])
    curves += [
        Curve("background RMSE", NEUTRAL, nothing, nothing, width=0.7),
        Curve("spread", NEUTRAL, nothing, nothing, style="--", width=1.2),
        Curve("σ_o", NEUTRAL, seen.cycles, np.full(len(seen.cycles), seen.sigma), style=":"),
    ]
    return LinePanel("Errors against the truth", "cycle", "RMSE", curves, y_limits=limits, log=log, marks=_marks(seen))


def _marks(seen: RaceView) -> list[tuple[float, str]]:
    """Return what was changed on the way within the cycles that are shown."""
    first = seen.cycles[0] if len(seen.cycles) else 0
    steps = zip(seen.stages[:-1], seen.stages[1:], strict=True)
    return [
        (float(after), "; ".join(texts)) for (_, old), (after, new) in steps if after >= first and (texts := changes(old, new))
    ]


def _innovations(seen: RaceView) -> list[LinePanel]:
    """Return departures of the chosen method along the cycles, and a histogram of the newest normalised innovations."""
    series = seen.series[seen.chosen]
    lines = [
        Curve("O−B", BACKGROUND, seen.cycles, series["omb"]),
        Curve("O−A", ANALYSIS, seen.cycles, series["oma"]),
        Curve("O−B expected", BACKGROUND, seen.cycles, series["omb_expected"], style="--"),
    ]
    panels = [
        LinePanel("Departures from the observations", "cycle", "root mean square", lines, y_limits=_calm([c.y for c in lines]))
    ]
    values = np.empty(0) if seen.normalised is None else seen.normalised[np.isfinite(seen.normalised)]
    if values.size:
        edges, x = np.linspace(-REACH, REACH, BARS + 1), np.linspace(-REACH, REACH, 81)
        share = np.histogram(np.clip(values, -REACH, REACH), edges)[0] / values.size / (edges[1] - edges[0])
        normal = Curve("N(0, 1)", NEUTRAL, x, np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), style="--")
        title = f"Newest innovations of {values.size} observations"
        bars = [Bars("newest", BACKGROUND, edges[:-1], edges[1:], share)]
        panels.append(LinePanel(title, "innovation over its expected standard deviation", "density", [normal], bars=bars))
    return panels


def _calm(lines: list[np.ndarray]) -> tuple[float, float] | None:
    """Return limits from zero that hold all but bursts; None where there is nothing to hold."""
    known = [line[np.isfinite(line)] for line in lines]
    tops = [min(float(line.max()), MOST_MEDIANS * float(np.median(line))) for line in known if line.size]
    return (0.0, 1.1 * max(tops)) if tops and max(tops) > 0 else None


# The numbers ----------------------------------------------------------------------------------------------------------


def _table(data: "xr.Dataset") -> Table:
    """Return the numbers of every method, experiment and cycle, one row each."""
    methods, experiments, cycles = (data[name].values for name in ("method", "experiment", "cycle"))
    shape = (len(methods), len(experiments), len(cycles))
    m, e, c = (index.ravel() for index in np.indices(shape))
    headings = ["method", "experiment", "cycle", "time", *NUMBERS]
    numbers = (data[name].values.ravel() for name in NUMBERS)
    return Table(headings, [methods[m], experiments[e], cycles[c], data["time"].values[c], *numbers])

"""Forecasts on a line: the truth, and of each model the mean and where its members lie, at one lead after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import panel as pn
from bokeh.events import Event, Tap
from bokeh.models import ColumnDataSource, HoverTool, Line, VArea, VSpan
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import dashes, set_limits
from dashboard.plots.race.frame import Notice, calm, legend, method_colour, race_figure, short, value_hover, with_units
from dashboard.plots.rollout.reel import Strip, as_frames
from dashboard.theme import NEUTRAL, TRUTH


@dataclass(frozen=True, eq=False)
class Plume:
    """Mean of the members, and ends of the part that holds most of them, (K + 1, n) each."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


class LineFrames:
    """Curves against the points of a line; a click chooses a point.

    Parameters
    ----------
    height
        Pixels.
    on_tap
        Called with the number of the point that was clicked.
    """

    def __init__(self, height: int = 330, on_tap: Callable[[int], None] | None = None) -> None:
        self._height, self._on_tap = height, on_tap
        self._key: tuple = ()
        self._limits: tuple[float, float] | None = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self._build((), 2, "state", "", "point")

    def show(
        self, truth: np.ndarray, models: Mapping[str, Plume], name: str = "state", units: str = "", x_label: str = "point"
    ) -> list[Strip]:
        """Take over forecasts; return their frames.

        Parameters
        ----------
        truth
            (K + 1, n).
        models
            By their labels, in the order of the colours.
        name, units, x_label
            Of the state and its places.
        """
        n = truth.shape[1]
        key = (tuple(models), n, name, units, x_label)
        if key != self._key:
            self._build(*key)
        frames = {"truth": as_frames(truth)}
        for place, plume in enumerate(models.values()):
            parts = (("mean", plume.mean), ("low", plume.low), ("high", plume.high))
            frames |= {f"{part}_{place}": as_frames(values) for part, values in parts}
        low, high = float(truth.min()), float(truth.max())
        self._limits = calm(None, low, high)
        set_limits(self.figure.y_range, *self._limits)
        self._notice.show(False)
        self._source.data = {"x": np.arange(n), **{name: values[0] for name, values in frames.items()}}
        return [Strip(self._source, frames)]

    def mark(self, point: int | None) -> None:
        """Mark the point whose series is shown."""
        self._chosen.data = {"x": [] if point is None else [point]}

    def clear(self) -> None:
        """Take everything away."""
        self._build((), 2, "state", "", "point")

    def _build(self, labels: tuple[str, ...], n: int, name: str, units: str, x_label: str) -> None:
        self._key = (labels, n, name, units, x_label)
        fig = race_figure(self._height, x_label, with_units(name, units), tools="pan,wheel_zoom,reset,save")
        set_limits(fig.x_range, -0.5, n - 0.5)
        columns = ["x", "truth", *(f"{part}_{k}" for k in range(len(labels)) for part in ("mean", "low", "high"))]
        self._source = ColumnDataSource(data={column: [] for column in columns})
        self._chosen = ColumnDataSource(data={"x": []})
        fig.add_glyph(self._chosen, VSpan(x="x", line_color=NEUTRAL, line_dash="dotted", line_width=1.5))
        drawn: dict[str, list[GlyphRenderer]] = {}
        for place in range(len(labels)):
            band = VArea(x="x", y1=f"low_{place}", y2=f"high_{place}", fill_color=method_colour(place), fill_alpha=0.18)
            drawn[labels[place]] = [fig.add_glyph(self._source, band)]
        look = Line(x="x", y="truth", line_color=TRUTH, line_width=3, line_dash=dashes("truth", 3))
        truth = fig.add_glyph(self._source, look)
        for place, label in enumerate(labels):
            line = Line(x="x", y=f"mean_{place}", line_color=method_colour(place), line_width=1.8)
            drawn[label].append(fig.add_glyph(self._source, line))
        legend(fig, [("truth", [truth]), *drawn.items()])
        rows = [(x_label, "@x{0}"), ("truth", "@truth{custom}")]
        rows += [(short(label), f"@mean_{place}{{custom}}") for place, label in enumerate(labels)]
        hover = HoverTool(renderers=[truth], mode="vline", tooltips=rows)
        hover.formatters = {"@truth": value_hover(units), **{f"@mean_{k}": value_hover(units) for k in range(len(labels))}}
        fig.add_tools(hover)
        if self._on_tap is not None:
            fig.on_event(Tap, self._tapped)
        self._notice: Notice = Notice(fig)
        self.figure: figure = fig
        self.pane.object = fig

    def _tapped(self, event: Event) -> None:
        assert isinstance(event, Tap)
        if self._on_tap is not None and event.x is not None and self._key[0]:
            self._on_tap(int(np.clip(round(float(event.x)), 0, self._key[1] - 1)))

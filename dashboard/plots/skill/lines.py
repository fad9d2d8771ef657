"""One number of every method along the run, averaged over stretches, with the value that it should have."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, HSpan, Line, Scatter
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, positive, set_limits
from dashboard.plots.race.frame import (
    Notice,
    calm,
    finite,
    legend,
    method_colour,
    method_marker,
    race_figure,
    short,
    value_hover,
)
from dashboard.plots.race.marks import Marks
from dashboard.plots.skill.frame import HEIGHT, NOTHING, calm_log, entries, plain_ticks
from dashboard.theme import NEUTRAL


class StretchLines:
    """A line with dots for each method; another number may be shown in its place.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = HEIGHT) -> None:
        self._height = height
        self._labels: tuple[str, ...] = ()
        self._off: set[str] = set()
        self._log = False
        self._limits: tuple[float, float] | None = None
        self._right: float | None = None
        self._data: dict[str, np.ndarray] = {}
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self.clear()

    def show(
        self,
        cycles: np.ndarray,
        lines: Mapping[str, np.ndarray | None],
        name: str,
        right: float | None = None,
        log: bool = False,
        marks: Sequence[tuple[int, str]] = (),
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        cycles
            Middles of the stretches, (B,).
        lines
            By the method's label, in the order of the colours, (B,); None of methods that do not have this number.
        name
            Of the number.
        right
            What it should be.
        log
            Whether the vertical axis is logarithmic: for ratios, of which twice and half are equally far off.
        marks
            What has been changed on the way: after which cycle, and in a few words what.

        Raises
        ------
        ValueError
            If lengths differ.
        """
        if (tuple(lines), log) != (self._labels, self._log):
            self._labels, self._log = tuple(lines), log
            self._build()
        if name != self.figure.yaxis.axis_label:
            self._limits = None
            self.figure.yaxis.axis_label = name
        middles = column("cycles", cycles)
        self._right = right
        self._data = {label: finite(column(label, values, middles.size)) for label, values in lines.items()}
        if log:
            self._data = {label: positive(values) for label, values in self._data.items()}
        for label, values in self._data.items():
            self._sources[label].data = {"cycle": middles, "value": values}
            self._items[label].visible = bool(np.isfinite(values).any())
        self._reference.data = {"y": [] if right is None else [right]}
        there = any(np.isfinite(values).any() for values in self._data.values())
        self._notice.show(not there)
        if middles.size:
            half = (middles[1] - middles[0]) / 2 if middles.size > 1 else 0.5
            begin, end = float(middles[0] - half), float(middles[-1] + half)
            set_limits(self.figure.x_range, begin, end)
            recent = [mark for mark in marks if mark[0] >= begin]
            self._marks.show(np.array([cycle + 0.5 for cycle, _ in recent]), [text for _, text in recent], begin, end)
        self._scale()

    def clear(self) -> None:
        """Take everything away."""
        self._labels = ()
        self._build()

    def _build(self) -> None:
        fig = race_figure(self._height, "cycle", "", log_y=self._log)
        if self._log:
            plain_ticks(fig.yaxis[0])
        self._limits, self._right, self._data = None, None, {}
        self._reference = ColumnDataSource(data={"y": []})
        fig.add_glyph(self._reference, HSpan(y="y", line_color=NEUTRAL, line_dash="dashed", line_width=1.8))
        self._sources = {label: ColumnDataSource(data={"cycle": [], "value": []}) for label in self._labels}
        drawn: dict[str, list[GlyphRenderer]] = {}
        for place, (label, source) in enumerate(self._sources.items()):
            colour = method_colour(place)
            line = fig.add_glyph(source, Line(x="cycle", y="value", line_color=colour, line_width=2))
            dots = fig.add_glyph(
                source, Scatter(x="cycle", y="value", size=7, marker=method_marker(place), fill_color=colour, line_color=None)
            )
            line.visible = dots.visible = label not in self._off
            line.on_change("visible", partial(self._on_visible, label))
            drawn[label] = [line, dots]
            rows = [(short(label), "@value{custom}"), ("about cycle", "@cycle{0}")]
            hover = HoverTool(renderers=[dots], tooltips=rows)
            hover.formatters = {"@value": value_hover()}
            fig.add_tools(hover)
        legend(fig, list(drawn.items()), "right")
        self._items = entries(fig, self._labels)
        self._marks: Marks = Marks(fig)
        self._notice: Notice = Notice(fig, NOTHING)
        self.figure: figure = fig
        self.pane.object = fig

    def _on_visible(self, label: str, _attribute: str, _old: bool, visible: bool) -> None:
        (self._off.discard if visible else self._off.add)(label)
        self._limits = None  # for what is left
        self._scale()

    def _scale(self) -> None:
        """Let the vertical axis follow what is not hidden; single bursts are cut off rather than that they flatten the rest."""
        seen = [values[np.isfinite(values)] for label, values in self._data.items() if label not in self._off]
        seen = [values for values in seen if values.size]
        if not seen:
            return
        right = [] if self._right is None else [self._right]
        if self._log:
            self._limits = calm_log(self._limits, *seen, np.array(right))
        else:
            low = min(float(max(values.min(), np.median(values) - _reach(values))) for values in seen)
            high = max(float(min(values.max(), np.median(values) + _reach(values))) for values in seen)
            self._limits = calm(self._limits, min([low, *right]), max([high, *right]))
        set_limits(self.figure.y_range, *self._limits)


def _reach(values: np.ndarray) -> float:
    """Return how far from its median a line may go before it is cut: several times as far as most of it does."""
    return 8 * float(np.quantile(np.abs(values - np.median(values)), 0.8)) or np.inf

"""Counts as bars of which one, or a stretch, can be chosen: report types, times, layers, values."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import panel as pn
from bokeh.events import SelectionGeometry, Tap
from bokeh.models import (
    BasicTicker,
    BoxSelectTool,
    ColumnDataSource,
    DatetimeAxis,
    DatetimeTicker,
    FactorRange,
    HoverTool,
    Range1d,
)
from bokeh.models.annotations.geometry import BoxAnnotation
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import plain_figure, set_limits
from dashboard.plots.numbers import Writers, linear_numbers, reading
from dashboard.plots.observations.boxes import drawn_box
from dashboard.theme import ANALYSIS, OBSERVATIONS

HEIGHT = 230


class TypeBars:
    """Bars by name, the most frequent first; a click on one calls `on_choose` with its name."""

    def __init__(self, on_choose: Callable[[str], None]) -> None:
        self._on_choose, self._factors = on_choose, FactorRange()
        self.figure = fig = figure(
            height=HEIGHT, sizing_mode="stretch_width", y_range=self._factors, x_range=Range1d(start=0, end=1), tools="",
            toolbar_location=None, x_axis_label="number",
        )  # fmt: skip
        self._source = ColumnDataSource(data={"name": [], "count": [], "about": []})
        fig.hbar(y="name", right="count", source=self._source, height=0.7, color=OBSERVATIONS, fill_alpha=0.75)
        fig.xaxis.update(formatter=linear_numbers(), ticker=BasicTicker(desired_num_ticks=4))
        fig.ygrid.visible = False
        fig.add_tools(HoverTool(tooltips=[("", "@name @about"), ("number", "@count{0,0}")]))
        fig.on_event(Tap, self._on_tap)
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0)
        self._names: list[str] = []

    def show(self, counts: Mapping[str, int], titles: Mapping[str, str]) -> None:
        """Replace the bars; `titles` are what names are called besides."""
        self._names = sorted(counts, key=lambda name: counts[name])
        # Bokeh takes a factor for a category by its text: an empty one has none.
        self._source.data = {
            "name": [_label(n) for n in self._names],
            "count": [counts[n] for n in self._names],
            "about": [titles.get(n, "") for n in self._names],
        }
        self._factors.factors = [_label(n) for n in self._names]
        set_limits(self.figure.x_range, 0, 1.06 * max(1, *counts.values(), 1))

    def _on_tap(self, event: Any) -> None:
        k = int(np.floor(event.y)) if isinstance(event.y, int | float) else -1
        if 0 <= k < len(self._names):
            self._on_choose(self._names[k])


class RangeBars:
    """Bars over a continuous axis; a click or a drag calls `on_choose` with the ends of the bars that it touches.

    Parameters
    ----------
    x_label
        Of the axis.
    on_choose
        Called with the lower and the upper end of what was chosen.
    upright
        Whether the axis of the bars' edges is the horizontal one.
    time
        Whether it is a time.
    """

    def __init__(
        self, x_label: str, on_choose: Callable[[float, float], None], upright: bool = True, time: bool = False
    ) -> None:
        self._on_choose, self._upright = on_choose, upright
        self._edges = np.zeros(0)
        fig = self.figure = plain_figure(HEIGHT, x_label if upright else "number", "number" if upright else x_label)
        if time:
            fig.below = [DatetimeAxis(axis_label=x_label, ticker=DatetimeTicker(desired_num_ticks=4))]
        self.source = ColumnDataSource(data={"low": [], "high": [], "count": [], "passed": []})
        for name, alpha in (("count", 0.35), ("passed", 0.8)):
            ends = ("left", "right", "bottom", "top") if upright else ("bottom", "top", "left", "right")
            sides: dict[str, Any] = dict(zip(ends, ("low", "high", 0, name), strict=True))
            bars = fig.quad(source=self.source, color=OBSERVATIONS, fill_alpha=alpha, line_color=None, **sides)
            if name == "count":
                fig.add_tools(_pointer(bars, time))
        counting = fig.yaxis if upright else fig.xaxis
        counting.ticker = BasicTicker(desired_num_ticks=4)
        self._chosen = BoxAnnotation(visible=False, fill_color=ANALYSIS, fill_alpha=0.12, line_color=ANALYSIS)
        fig.add_layout(self._chosen)
        fig.add_tools(BoxSelectTool(dimensions="width" if upright else "height", renderers=[], persistent=False))
        fig.on_event(Tap, lambda e: self._touched(*((e.x, e.x) if upright else (e.y, e.y))))
        fig.on_event(SelectionGeometry, self._on_selected)
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0)

    def show(
        self, edges: np.ndarray, counts: np.ndarray, passed: np.ndarray | None = None,
        chosen: tuple[float, float] | None = None, label: str | None = None, downward: bool = False,
    ) -> None:  # fmt: skip
        """Replace the bars, and mark what is chosen.

        Parameters
        ----------
        edges
            Increasing, (k + 1,); of times milliseconds since 1970.
        counts, passed
            (k,): how many, and how many of them passed quality control.
        chosen
            Both ends.
        label
            Of the axis, if it is another one.
        downward
            Whether the axis grows downward, as of pressure.
        """
        self._edges = np.asarray(edges, float)
        nothing = np.zeros(len(counts)) if passed is None else passed
        self.source.data = {"low": self._edges[:-1], "high": self._edges[1:], "count": counts, "passed": nothing}
        along, across = self.figure.x_range, self.figure.y_range
        if not self._upright:
            along, across = across, along
        if len(self._edges) > 1:
            low, high = float(self._edges[0]), float(self._edges[-1])
            first, last = (high, low) if downward else (low, high)
            along.update(start=first, end=last, reset_start=first, reset_end=last)
        set_limits(across, 0.0, 1.06 * max(1, int(np.max(counts, initial=0))))
        low_end, high_end = chosen or (None, None)
        if self._upright:
            self._chosen.update(left=low_end, right=high_end, visible=chosen is not None)
        else:
            self._chosen.update(bottom=low_end, top=high_end, visible=chosen is not None)
        if label is not None:
            (self.figure.xaxis if self._upright else self.figure.yaxis).axis_label = label

    def _on_selected(self, event: Any) -> None:
        box = drawn_box(event)
        if box is not None:
            self._touched(*((box.west, box.east) if self._upright else (box.south, box.north)))

    def _touched(self, first: float, last: float) -> None:
        ends = touched(self._edges, first, last)
        if ends is not None:
            self._on_choose(*ends)


def touched(edges: Sequence[float] | np.ndarray, first: float, last: float) -> tuple[float, float] | None:
    """Return both ends of the bars that a stretch touches, or None if it touches none."""
    edges = np.asarray(edges, float)
    low, high = min(first, last), max(first, last)
    if len(edges) < 2 or high < edges[0] or low > edges[-1]:
        return None
    begin = int(np.clip(np.searchsorted(edges, low, "right") - 1, 0, len(edges) - 2))
    end = int(np.clip(np.searchsorted(edges, high, "left"), begin + 1, len(edges) - 1))
    return float(edges[begin]), float(edges[end])


def _pointer(bars: GlyphRenderer, time: bool) -> HoverTool:
    ends: Writers = {name: "datetime" if time else reading(digits=4) for name in ("@low", "@high")}
    how = "%F %H:%M" if time else "custom"
    rows = [("", f"@low{{{how}}} to @high{{{how}}}"), ("number", "@count{0,0}")]
    return HoverTool(renderers=[bars], tooltips=rows, formatters=ends)


def _label(name: str) -> str:
    return name or "without a type"

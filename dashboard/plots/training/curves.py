"""Curves against iteration or time that grow: only what is new goes to the browser."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColumnDataSource, DataRange1d, HoverTool, Line, Model, Scatter
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from backends.pictures.style import CURVE_COLOURS
from dashboard.plots.axes import positive
from dashboard.plots.marked import Dots, marked
from dashboard.plots.race.frame import METHOD_MARKERS, race_figure, value_hover
from dashboard.plots.training.frame import compact, head, log_ticks
from dashboard.theme import NEUTRAL

#: Points of a curve that are drawn: more are no more than the screen shows.
MOST_DRAWN = 1200
HEIGHT, SMALL = 280, 170
#: Up to so many points are drawn as points, too.
FEW = 30
#: References that lie this many times below a curve are not followed by a logarithmic axis.
FAR = 100.0


@dataclass(frozen=True)
class Curve:
    """A curve that only ever grows.

    Attributes
    ----------
    name
        What the legend says.
    x, y
        Equally many numbers (k,), x rising.
    smooth
        The same, smoothed: it is drawn in the place of y, which becomes a pale line behind it.
    references
        Constants that the curve is measured against, by their names; dashed lines in its colour.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    smooth: np.ndarray | None = None
    references: Mapping[str, float] = field(default_factory=dict)


class Curves:
    """A figure of some curves.

    Parameters
    ----------
    title
        Above the frame.
    height
        Pixels.
    """

    def __init__(self, title: str, height: int = HEIGHT) -> None:
        self._title, self._height = title, height
        self._key: Hashable = None
        self._lines: dict[str, _Line] = {}
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self.figure: figure | None = None

    def title(self, text: str) -> None:
        """Let another title stand above the frame."""
        if text != self._title:
            self._title, self._key = text, None

    def show(self, curves: Sequence[Curve], x_label: str, log: bool, key: Hashable = None) -> None:
        """Show curves; those that were shown before have grown, unless the key is another one.

        Parameters
        ----------
        curves
            In the order of the colours.
        x_label
            Of the horizontal axis.
        log
            Whether the vertical axis is logarithmic.
        key
            Of what is shown: which run, and against what.
        """
        names = tuple((curve.name, curve.smooth is None, tuple(curve.references)) for curve in curves)
        if (names, x_label, log, key) != self._key:
            self._key = (names, x_label, log, key)
            self._build(curves, x_label, log)
        for curve in curves:
            self._lines[curve.name].show(curve, log)
        self._scale(curves, log)

    def _scale(self, curves: Sequence[Curve], log: bool) -> None:
        """Let the axis follow the curves, and references that are not so small that they would flatten these."""
        followed: list[Model] = []
        for curve in curves:
            known = curve.y[np.isfinite(curve.y) & (curve.y > 0)]
            least = known.min() / FAR if log and known.size else -np.inf
            line = self._lines[curve.name]
            followed += line.own
            followed += [drawn for name, drawn in line.dashed.items() if curve.references.get(name, np.nan) >= least]
        if self._range.renderers != followed:
            self._range.renderers = followed

    def _build(self, curves: Sequence[Curve], x_label: str, log: bool) -> None:
        small = self._height < HEIGHT
        fig = race_figure(self._height, x_label, "", log_y=log)
        self._range = DataRange1d(only_visible=True, range_padding=0.08)
        fig.x_range, fig.y_range = DataRange1d(range_padding=0.02), self._range
        fig.min_border_left = 60
        if log:
            fig.yaxis.ticker = log_ticks()
        else:
            fig.yaxis.ticker = BasicTicker(desired_num_ticks=3 if small else 5, num_minor_ticks=0)
        if small:
            fig.xaxis.ticker = BasicTicker(desired_num_ticks=3, num_minor_ticks=0)
        self._lines = {curve.name: _Line(fig, curve, place, len(curves), small) for place, curve in enumerate(curves)}
        if len(curves) > 1:
            compact(fig, [(name, line.renderers) for name, line in self._lines.items()])
        elif curves and curves[0].references:
            compact(fig, [entry for line in self._lines.values() for entry in line.entries])
        head(fig, self._title)
        self.figure = fig
        self.pane.object = fig


class _Line:
    """The glyphs of one curve, at a place among so many."""

    def __init__(self, fig: figure, curve: Curve, place: int, curves: int, small: bool) -> None:
        colour, marker = CURVE_COLOURS[place % len(CURVE_COLOURS)], METHOD_MARKERS[place % len(METHOD_MARKERS)]
        self._place, self._curves = place, curves
        self._stride, self._drawn = 1, 0
        columns: dict[str, list[float]] = {"x": [], "y": []} if curve.smooth is None else {"x": [], "y": [], "smooth": []}
        self._source = ColumnDataSource(data=columns)
        self._references = {name: ColumnDataSource(data={"x": [], "y": []}) for name in curve.references}
        self.renderers: list[GlyphRenderer] = []
        #: Of a legend that names the references, too.
        self.entries: list[tuple[str, list[GlyphRenderer]]] = []
        if curve.smooth is not None:
            pale = Line(x="x", y="y", line_color=colour, line_alpha=0.28, line_width=1)
            self.renderers.append(fig.add_glyph(self._source, pale))
        main = fig.add_glyph(
            self._source,
            Line(x="x", y="y" if curve.smooth is None else "smooth", line_color=colour, line_width=1.6 if small else 2),
        )
        self.renderers.append(main)
        # Few points are seen as such: of a single one there is no line.
        self._dots: GlyphRenderer | None = None
        if curve.smooth is None:
            dot = Scatter(x="x", y="y", size=4 if small else 5, fill_color=colour, line_color=None)
            self._dots = fig.add_glyph(self._source, dot)
        # A single curve needs no marker to be known by.
        self._marks = Dots(fig, marker, colour) if curves > 1 else None
        if self._marks is not None:
            self.renderers.append(self._marks.renderer)
        #: A legend must not name the dots: when they are hidden, it would show the curve as switched off.
        named = list(self.renderers)
        self.own = named if self._dots is None else [*named, self._dots]
        self.dashed: dict[str, GlyphRenderer] = {}
        self.entries.append((curve.name, named))
        hover = HoverTool(renderers=[main], tooltips=[("", "$name"), ("", "$snap_y{custom}"), ("at", "$snap_x{0,0}")])
        main.name = curve.name
        hover.formatters = {"$snap_y": value_hover()}
        fig.add_tools(hover)
        for number, (name, source) in enumerate(self._references.items()):
            dashes = ([6, 4], [2, 3], [10, 3, 2, 3])[number % 3]
            glyph = Line(x="x", y="y", line_color=colour if number == 0 else NEUTRAL, line_dash=dashes, line_width=1.6)
            line = fig.add_glyph(source, glyph)
            line.name = name
            tip = HoverTool(renderers=[line], tooltips=[("", "$name"), ("", "$snap_y{custom}")])
            tip.formatters = {"$snap_y": value_hover()}
            fig.add_tools(tip)
            self.renderers.append(line)
            self.dashed[name] = line
            self.entries.append((name, [line]))

    def show(self, curve: Curve, log: bool) -> None:
        """Send what is new of a curve, or all of it."""
        count = len(curve.x)
        stride = stride_of(count)
        if stride != self._stride or count < self._drawn:
            self._stride, self._drawn = stride, 0
        new = slice(self._drawn, None)
        columns: dict[str, Any] = {"x": curve.x[new][::stride], "y": _drawable(curve.y[new][::stride], log)}
        if curve.smooth is not None:
            columns["smooth"] = _drawable(curve.smooth[new][::stride], log)
        if self._drawn == 0:
            self._source.data = {name: np.array(values) for name, values in columns.items()}
        elif len(columns["x"]):
            self._source.stream({name: np.array(values) for name, values in columns.items()})
        # The next one that is drawn stands at a multiple of the stride.
        self._drawn = -(-count // stride) * stride
        if self._dots is not None:
            self._dots.visible = count <= FEW
        if self._marks is not None:
            rows = marked(np.arange(count), self._place, self._curves)
            self._marks.show(curve.x[rows], _drawable((curve.y if curve.smooth is None else curve.smooth)[rows], log))
        for name, source in self._references.items():
            value = curve.references.get(name, np.nan)
            ends = curve.x[[0, -1]] + ([-0.5, 0.5] if count == 1 else 0.0) if count else np.empty(0)
            if len(ends) and np.isfinite(value) and not (log and value <= 0):
                source.data = {"x": ends.astype(float), "y": np.full(2, value)}


def stride_of(count: int) -> int:
    """Return which of so many points are drawn: every one, every second, fourth, and so on."""
    stride = 1
    while count > MOST_DRAWN * stride:
        stride *= 2
    return stride


def _drawable(values: np.ndarray, log: bool) -> np.ndarray:
    known = np.where(np.isfinite(values), values, np.nan)
    return positive(known) if log else known

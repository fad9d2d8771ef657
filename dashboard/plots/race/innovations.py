"""Departures from the observations, against what the assumed errors predict."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Line, Quad
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, set_limits
from dashboard.plots.race.frame import Notice, calm, drawn, finite, legend, race_figure, value_hover, with_units
from dashboard.theme import ANALYSIS, BACKGROUND, NEUTRAL

#: Ends of the histogram, beyond which all is counted in its first and last bin, and the number of bins.
REACH, BINS = 4.0, 17
#: Label, colour and dash of each curve.
CURVES: dict[str, tuple[str, str, Literal["solid", "dashed"]]] = {
    "omb": ("O−B", BACKGROUND, "solid"),
    "oma": ("O−A", ANALYSIS, "solid"),
    "expected_omb": ("O−B expected", BACKGROUND, "dashed"),
    "expected_oma": ("O−A expected", ANALYSIS, "dashed"),
}


class Innovations:
    """Root means of O−B and O−A along the cycles with the expected ones, and a histogram of normalised innovations.

    Parameters
    ----------
    height
        Pixels.
    window
        How many of the last cycles are shown.
    units
        Of the observations.
    """

    def __init__(self, height: int = 280, window: int = 500, units: str = "") -> None:
        self._height, self._window, self._units = height, window, units
        self._shown: dict | None = None
        self._follow: tuple[float, float] | None = None
        self._panes = [pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0) for _ in range(2)]
        self._panes[0].styles = {"flex": "3 1 380px", "min-width": "300px"}
        self._panes[1].styles = {"flex": "1 1 240px", "min-width": "220px"}
        self.pane = pn.FlexBox(*self._panes, sizing_mode="stretch_width", margin=0)
        self._build()

    def set_window(self, window: int) -> None:
        """Show so many of the last cycles."""
        self._window = window
        if self._shown is not None:
            self.show(**self._shown)

    def show(
        self,
        cycles: Sequence[int] | np.ndarray,
        omb: np.ndarray,
        oma: np.ndarray,
        expected_omb: np.ndarray | None = None,
        expected_oma: np.ndarray | None = None,
        normalised: np.ndarray | None = None,
        units: str | None = None,
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        cycles
            Numbers of the cycles, (K,), increasing.
        omb, oma
            Root means of squared departures from background and analysis, (K,).
        expected_omb, expected_oma
            What they are on average if the assumed errors are right, (K,): root means of the diagonals of H B Hᵀ + R and of
            R (H B Hᵀ + R)⁻¹ R.
        normalised
            Innovations over their expected standard deviations, (p,): of variance one if the assumed errors are right.
        units
            Of the observations, if they are others than before.

        Raises
        ------
        ValueError
            If the lengths differ.
        """
        if units is not None and units != self._units:
            self._units = units
            self._build()
        numbers = np.asarray(cycles)
        given = {"omb": omb, "oma": oma, "expected_omb": expected_omb, "expected_oma": expected_oma}
        chosen, step = drawn(numbers, self._window)
        data = {name: finite(column(name, values, numbers.size)[chosen]) for name, values in given.items()}
        self._curves.data = {"cycle": numbers[chosen].astype(float), **data}
        self._notice.show(not chosen.size)
        for name in ("expected_omb", "expected_oma"):
            self._items[name].visible = given[name] is not None
        self.figure.xaxis.axis_label = "cycle" if step == 1 else f"cycle (of each {step} one is drawn)"
        if chosen.size:
            first, last = float(numbers[chosen[0]]), float(numbers[-1])
            set_limits(self.figure.x_range, first - 1, max(last + 1, first + 20))
        # Single bursts, such as the first cycles, are cut off rather than that they flatten all the rest.
        tops = [min(line.max(), 4 * np.median(line)) for line in (v[np.isfinite(v)] for v in data.values()) if line.size]
        if tops and max(tops) > 0:
            self._follow = calm(self._follow, 0.0, float(max(tops)))
            set_limits(self.figure.y_range, 0.0, self._follow[1])
        self._count(normalised)
        self._shown = {"cycles": cycles, **given, "normalised": normalised}

    def clear(self) -> None:
        """Take everything away."""
        self._follow = None
        self.show([], np.empty(0), np.empty(0))
        self._shown = None

    def _count(self, normalised: np.ndarray | None) -> None:
        values = np.empty(0) if normalised is None else column("normalised", normalised)
        values = values[np.isfinite(values)]
        edges = np.linspace(-REACH, REACH, BINS + 1)
        counts = np.histogram(np.clip(values, -REACH, REACH), edges)[0]
        density = counts / max(values.size, 1) / (edges[1] - edges[0])
        self._bars.data = {"left": edges[:-1], "right": edges[1:], "top": density, "count": counts}
        set_limits(self.histogram.y_range, 0.0, max(0.6, 1.1 * float(density.max())))
        self._empty.show(not values.size)
        name = f"normalised innovation, {values.size} of them" if values.size else "normalised innovation"
        self.histogram.xaxis.axis_label = name

    def _build(self) -> None:
        fig = race_figure(self._height, "cycle", with_units("root mean departure", self._units))
        self._curves = ColumnDataSource(data={name: [] for name in ("cycle", *CURVES)})
        lines: dict[str, GlyphRenderer] = {}
        for name, (label, color, dash) in CURVES.items():
            width = 2.0 if dash == "solid" else 1.6
            look = Line(x="cycle", y=name, line_color=color, line_dash=dash, line_width=width)
            lines[label] = fig.add_glyph(self._curves, look)
        items = legend(fig, [(label, [line]) for label, line in lines.items()])
        self._items = dict(zip(CURVES, items, strict=True))
        hover = HoverTool(
            renderers=[lines["O−B"]],
            mode="vline",
            tooltips=[("cycle", "@cycle{0}"), *((label, f"@{name}{{custom}}") for name, (label, _, _) in CURVES.items())],
        )
        hover.formatters = {f"@{name}": value_hover(self._units) for name in CURVES}
        fig.add_tools(hover)
        self._notice: Notice = Notice(fig)
        self.figure: figure = fig
        self._build_histogram()
        self._panes[0].object, self._panes[1].object = fig, self.histogram

    def _build_histogram(self) -> None:
        fig = race_figure(self._height, "normalised innovation", "density", tools="save")
        fig.update(toolbar_location=None, min_border_left=50)
        set_limits(fig.x_range, -REACH, REACH)
        self._bars = ColumnDataSource(data={key: [] for key in ("left", "right", "top", "count")})
        look = Quad(left="left", right="right", bottom=0, top="top", fill_color=BACKGROUND, fill_alpha=0.6, line_color=None)
        bars = fig.add_glyph(self._bars, look)
        x = np.linspace(-REACH, REACH, 81)
        curve = ColumnDataSource(data={"x": x, "y": np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)})
        normal = fig.add_glyph(curve, Line(x="x", y="y", line_color=NEUTRAL, line_dash="dashed", line_width=1.8))
        legend(fig, [("newest", [bars]), ("N(0, 1)", [normal])])
        fig.add_tools(HoverTool(renderers=[bars], tooltips=[("from", "@left{0.00} to @right{0.00}"), ("number", "@count")]))
        self._empty: Notice = Notice(fig)
        self.histogram: figure = fig
        self._count(None)

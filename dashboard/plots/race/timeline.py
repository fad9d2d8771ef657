"""How well each method does, cycle by cycle."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import panel as pn
from bokeh.core.property.vectorization import Value
from bokeh.models import ColumnDataSource, HoverTool, HSpan, Line, Scatter
from bokeh.models.annotations.legends import LegendItem
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, log_limits, positive, set_limits
from dashboard.plots.marked import SIZE, Dots, marked
from dashboard.plots.race.frame import (
    LINE_STYLES,
    Notice,
    Quantity,
    calm,
    drawn,
    finite,
    legend,
    method_colour,
    method_marker,
    race_figure,
    short,
    value_hover,
    with_units,
)
from dashboard.plots.race.marks import Marks
from dashboard.theme import NEUTRAL

#: Names of the quantities in legend and read-out.
NAMES: dict[Quantity, str] = {"analysis": "analysis RMSE", "background": "background RMSE", "spread": "spread"}


class RaceTimeline:
    """RMSE of analysis and background, and spread, of every method along the last cycles; replaced while it is shown.

    A click on a legend entry hides a method, or a quantity of all methods.

    Parameters
    ----------
    height
        Pixels.
    window
        How many of the last cycles are shown.
    units
        Of the state.
    quantities
        What is drawn of each method; the line of the first bears its marker.
    """

    def __init__(
        self, height: int = 320, window: int = 500, units: str = "", quantities: Sequence[Quantity] = tuple(LINE_STYLES)
    ) -> None:
        self._height, self._window, self._units, self._log = height, window, units, False
        self._quantities = tuple(quantities)
        self._labels: tuple[str, ...] = ()
        self._off: set[tuple[str, str]] = set()
        self._limits: tuple[float, float] | None = None
        self._shown: tuple | None = None
        self._sigma_o: float | None = None
        self._data: dict[str, np.ndarray] = {}
        self._ends = (0.0, 1.0)
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self._build()

    def show(
        self,
        cycles: Sequence[int] | np.ndarray,
        curves: Mapping[str, Mapping[Quantity, np.ndarray | None]],
        marks: Sequence[tuple[int, str]] = (),
        sigma_o: float | None = None,
        times: Sequence[float] | np.ndarray | None = None,
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        cycles
            Numbers of the cycles, (K,), increasing.
        curves
            For each method, by its label and in the order of the colours, ``analysis`` and ``background`` RMSE and
            ``spread``, (K,) each; None, or NaN in a cycle, where there is none.
        marks
            What has been changed on the way: the cycle, and in a few words what.
        sigma_o
            Standard deviation of the observation errors, a line to compare with.
        times
            Model time of each cycle, (K,); with it, the axis is in time.

        Raises
        ------
        ValueError
            If the lengths differ, or a quantity is unknown.
        """
        numbers = np.asarray(cycles)
        if unknown := {quantity for method in curves.values() for quantity in method} - set(self._quantities):
            raise ValueError(f"curves: {', '.join(sorted(unknown))}; expected any of {', '.join(self._quantities)}")
        if tuple(curves) != self._labels:
            self._labels = tuple(curves)
            self._build()
        chosen, step = drawn(numbers, self._window)
        x = numbers if times is None else column("times", times, numbers.size)
        data = {"x": x[chosen].astype(float), "cycle": numbers[chosen].astype(float)}
        for k, (label, method) in enumerate(curves.items()):
            for quantity in self._quantities:
                values = method.get(quantity)
                if values is not None and np.shape(values) != numbers.shape:
                    name = f"{label}, {quantity}"
                    raise ValueError(f"{name}: shape {np.shape(values)}, expected {numbers.shape}")
                some = np.full(chosen.size, np.nan, np.float32) if values is None else finite(np.asarray(values)[chosen])
                data[f"{quantity}_{k}"] = positive(some) if self._log else some
        self._source.data = self._data = data
        for k, dots in enumerate(self._dots.values()):
            rows = marked(numbers[chosen], k, len(self._dots))
            dots.show(data["x"][rows], data[f"{self._quantities[0]}_{k}"][rows])
        self._notice.show(not chosen.size)
        self._sigma_o = sigma_o
        self._reference.data = {"y": [] if sigma_o is None else [sigma_o]}
        self._reference_entry.visible = sigma_o is not None
        name = "cycle" if times is None else "model time"
        self.figure.xaxis.axis_label = name if step == 1 else f"{name} (of each {step} cycles one is drawn)"
        self._set_ranges(data, x)
        first = numbers[-1] - self._window if numbers.size else np.inf
        recent = [mark for mark in marks if mark[0] > first]
        at = np.interp([cycle for cycle, _ in recent], numbers, x) if recent else np.empty(0)
        self._marks.show(at, [text for _, text in recent], *self._ends)
        self._shown = (cycles, curves, marks, sigma_o, times)

    def clear(self) -> None:
        """Take the lines away; the methods stay until others come, so that the figure stays the same."""
        self._limits = None
        self.show([], {label: {} for label in self._labels})
        self._shown = None

    def set_window(self, window: int) -> None:
        """Show so many of the last cycles."""
        self._window = window
        self._again()

    def set_log(self, log: bool) -> None:
        """Make the vertical axis logarithmic, or linear as it is at first."""
        if log != self._log:
            self._log, self._limits = log, None
            self._build()
            self._again()

    def set_visible(self, quantity: Quantity, visible: bool) -> None:
        """Show or hide a quantity of all methods, as a click on its legend entry does."""
        self._keys[("quantity", quantity)].visible = visible

    def _again(self) -> None:
        if self._shown is not None:
            self.show(*self._shown)

    def _build(self) -> None:
        fig = race_figure(self._height, "cycle", with_units("RMSE", self._units), log_y=self._log)
        self._source = ColumnDataSource(data={"x": [], "cycle": []})
        self._reference = ColumnDataSource(data={"y": []})
        self._lines: dict[tuple[str, Quantity], GlyphRenderer] = {}
        reference = fig.add_glyph(self._reference, HSpan(y="y", line_color=NEUTRAL, line_dash=(2, 3), line_width=1.8))
        # Thin lines first: what is drawn last lies on top.
        lowest_first: tuple[Quantity, ...] = ("background", "spread", "analysis")
        for quantity in (quantity for quantity in lowest_first if quantity in self._quantities):
            dash, width = LINE_STYLES[quantity]
            for k, label in enumerate(self._labels):
                self._source.data[f"{quantity}_{k}"] = []
                line = Line(
                    x="x", y=f"{quantity}_{k}", line_color=method_colour(k), line_width=width, line_dash=list(dash),
                )  # fmt: skip
                self._lines[label, quantity] = fig.add_glyph(self._source, line)
        self._dots = {label: Dots(fig, method_marker(k), method_colour(k)) for k, label in enumerate(self._labels)}
        # The legend switches lines without data, so that a method and a quantity can be hidden independently.
        self._keys: dict[tuple[str, str], GlyphRenderer] = {}
        signs: dict[str, GlyphRenderer] = {}
        nowhere = ColumnDataSource(data={"x": [np.nan], "y": [np.nan]})
        for k, label in enumerate(self._labels):
            key = Line(x="x", y="y", line_color=method_colour(k), line_width=4)
            self._keys["method", label] = fig.add_glyph(nowhere, key)
            sign = Scatter(x="x", y="y", marker=method_marker(k), size=SIZE, fill_color=method_colour(k), line_color=None)
            signs[label] = fig.add_glyph(nowhere, sign)
        for quantity in self._quantities:
            dash, width = LINE_STYLES[quantity]
            key = Line(x="x", y="y", line_color=NEUTRAL, line_width=width, line_dash=list(dash))
            self._keys["quantity", quantity] = fig.add_glyph(nowhere, key)
        for name, renderer in self._keys.items():
            renderer.visible = name not in self._off
            renderer.on_change("visible", partial(self._switch, name))
        self._legend(fig, signs, reference)
        self._marks: Marks = Marks(fig)
        self._add_hover(fig)
        self._notice: Notice = Notice(fig)
        self.figure: figure = fig
        self.pane.object = fig
        self._apply()

    def _legend(self, fig: figure, signs: Mapping[str, GlyphRenderer], reference: GlyphRenderer) -> None:
        methods = [(label, [self._keys["method", label], signs[label]]) for label in self._labels]
        quantities = [(NAMES[quantity], [self._keys["quantity", quantity]]) for quantity in self._quantities]
        self._reference_entry: LegendItem = legend(fig, [*methods, *quantities, ("σ_o", [reference])], "right")[-1]

    def _add_hover(self, fig: figure) -> None:
        probe = fig.add_glyph(self._source, Line(x="x", y=Value(0.5), line_alpha=0), y_range_name="unit")
        parts = self._quantities
        cells = [" · ".join(f"@{part}_{k}{{custom}}" for part in parts) for k in range(len(self._labels))]
        rows = list(zip(map(short, self._labels), cells, strict=True))
        heading = [("cycle", "@cycle{0}"), ("", " · ".join(parts))]
        hover = HoverTool(renderers=[probe], tooltips=[*heading, *rows], mode="vline", point_policy="follow_mouse")
        number = value_hover(digits=3)
        hover.formatters = {f"@{part}_{k}": number for part in parts for k in range(len(self._labels))}
        fig.add_tools(hover)

    def _switch(self, name: tuple[str, str], _attribute: str, _old: bool, visible: bool) -> None:
        (self._off.discard if visible else self._off.add)(name)
        self._apply()
        if self._shown is not None:
            self._limits = None  # for what is left
            self._set_ranges(self._data, None)

    def _apply(self) -> None:
        for (label, quantity), line in self._lines.items():
            line.visible = not {("method", label), ("quantity", quantity)} & self._off
        for label, dots in self._dots.items():
            dots.renderer.visible = self._lines[label, self._quantities[0]].visible

    def _set_ranges(self, data: Mapping[str, np.ndarray], x: np.ndarray | None) -> None:
        """Set the limits of the vertical axis, and those of the horizontal one to the newest of all `x`, (K,)."""
        if x is not None and data["x"].size:
            spacing = (x[-1] - x[0]) / (x.size - 1) if x.size > 1 else 1.0
            left = data["x"][0] - spacing
            self._ends = float(left), float(max(x[-1] + spacing / 2, left + 20 * spacing))
            set_limits(self.figure.x_range, *self._ends)
        lines = [
            data[f"{quantity}_{self._labels.index(label)}"] for (label, quantity), line in self._lines.items() if line.visible
        ]
        ends = [_ends(values) for values in lines if np.isfinite(values).any()]
        if not ends:
            return
        sigma_o = [] if self._sigma_o is None else [self._sigma_o]
        low, high = min(end[0] for end in ends), max([end[1] for end in ends] + sigma_o)
        if self._log:
            old = self._limits
            if old is None or low < old[0] or high > old[1] or np.log(high / low) < 0.45 * np.log(old[1] / old[0]):
                self._limits = log_limits([low, high * (high / low) ** 0.15, *sigma_o])  # room for the marks' words
        else:
            top = calm(self._limits, 0.0, high)[1] if high > 0 else 1.0
            self._limits = (0.0, top)
        assert self._limits is not None
        set_limits(self.figure.y_range, *self._limits)


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of what has to be seen of a line: all, but of bursts only so much that the rest is not flattened."""
    known = values[values > 0]
    if not known.size:
        return 1e-3, 0.0
    usual, newest = float(np.median(known)), known[-max(known.size // 10, 1) :]
    top = max(min(float(known.max()), 4 * usual), min(float(newest.max()), 30 * usual))
    return max(float(known.min()), 1e-6 * top), top

"""Diagnostics: departures from the observations, the spectrum of B, and the test of a tangent-linear operator."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColumnDataSource
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, dashed_line, legend_above, log_limits, plain_figure, positive, set_limits
from dashboard.theme import ANALYSIS, BACKGROUND, NEUTRAL, REJECTED

HEIGHT = 250
MIN_BINS, MAX_BINS = 11, 41


class _Small(ABC):
    """A figure that is built at the first show."""

    def __init__(self) -> None:
        self.figure: figure | None = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def _built(self) -> figure:
        if self.figure is None:
            self.figure = self._build()
            self.pane.object = self.figure
        return self.figure

    @abstractmethod
    def _build(self) -> figure:
        """Return the figure, without data."""


class LiveHistogram(_Small):
    """Histograms of O−B and O−A with the same bins."""

    def show(
        self,
        background: Sequence[float] | np.ndarray,
        analysis: Sequence[float] | np.ndarray,
        units: str = "",
        limit: float | None = None,
    ) -> None:
        """Replace both histograms; their bins divide the axis evenly, and one of them lies about zero.

        Parameters
        ----------
        background, analysis
            O−B and O−A, (p,); missing ones are left out.
        units
            Of the observations.
        limit
            Half the width of the axis, beyond which nothing is counted; by default, the greatest departure.
        """
        both = [values[np.isfinite(values)] for values in (column("background", background), column("analysis", analysis))]
        reach = limit or max((float(np.abs(values).max()) for values in both if values.size), default=0.0) or 1.0
        bins = int(np.clip(2 * np.sqrt(max(values.size for values in both)), MIN_BINS, MAX_BINS)) // 2 * 2 + 1
        edges = np.linspace(-reach, reach, bins + 1)
        counts = [np.histogram(values, edges)[0] for values in both]
        fig = self._built()
        self._bars.data = {"left": edges[:-1], "right": edges[1:], "background": counts[0], "analysis": counts[1]}
        outline = np.repeat(edges, 2)
        steps = [np.r_[0, np.repeat(count, 2), 0] for count in counts]
        self._outlines.data = {"x": outline, "background": steps[0], "analysis": steps[1]}
        set_limits(fig.x_range, -reach, reach)
        set_limits(fig.y_range, 0.0, 1.06 * max(1, *(int(count.max()) for count in counts)))
        fig.xaxis.axis_label = f"departure [{units}]" if units else "departure"

    def _build(self) -> figure:
        fig = plain_figure(HEIGHT, "", "number")
        fig.yaxis.ticker = BasicTicker(min_interval=1, num_minor_ticks=0)
        self._bars, self._outlines = ColumnDataSource(), ColumnDataSource()
        entries: dict[str, list[GlyphRenderer]] = {}
        for label, name, color in (("O−B", "background", BACKGROUND), ("O−A", "analysis", ANALYSIS)):
            bars = fig.quad(
                left="left",
                right="right",
                bottom=0,
                top=name,
                source=self._bars,
                fill_color=color,
                fill_alpha=0.4,
                line_color=None,
            )
            entries[label] = [bars, fig.line("x", name, source=self._outlines, color=color, line_width=1.5)]
        fig.vspan(0, line_color=NEUTRAL, line_width=1.5)
        legend_above(fig, entries)
        return fig


class LiveSpectrum(_Small):
    """Eigenvalues of a covariance matrix, from the greatest to the least."""

    def show(self, eigenvalues: Sequence[float] | np.ndarray, floor: float | None = None, units: str = "") -> None:
        """Replace the spectrum.

        Parameters
        ----------
        eigenvalues
            In any order, (n,). Negative ones are drawn at their absolute value and marked.
        floor
            A horizontal line: below it, an eigenvalue is rounding error, or is raised to it.
        units
            Of the eigenvalues.
        """
        values = np.sort(column("eigenvalues", eigenvalues))[::-1]
        if not values.size:
            raise ValueError("eigenvalues: none, expected at least one")
        fig = self._built()
        self._values.data = {
            "number": np.arange(1, values.size + 1),
            "positive": positive(values),
            "negative": positive(-values),
        }
        ends = [] if floor is None else [floor]
        self._floor.data = {"x": [] if floor is None else [0, values.size + 1], "y": ends * 2}
        set_limits(fig.x_range, 0.0, values.size + 1.0)
        set_limits(fig.y_range, *log_limits(np.abs(values), ends))
        fig.yaxis.axis_label = f"eigenvalue [{units}]" if units else "eigenvalue"
        self._items["negative, |λ| ×"].visible = bool((values < 0).any())
        self._items["floor"].visible = floor is not None

    def _build(self) -> figure:
        fig = plain_figure(HEIGHT, "number", "", log_y=True)
        fig.xaxis.ticker = BasicTicker(min_interval=1, num_minor_ticks=0)
        self._values = ColumnDataSource()
        line, self._floor = dashed_line(fig)
        fig.scatter("number", "positive", source=self._values, size=5, color=ANALYSIS)
        below = fig.scatter("number", "negative", source=self._values, size=7, marker="x", color=REJECTED, line_width=2)
        self._items = legend_above(fig, {"negative, |λ| ×": [below], "floor": [line]})
        return fig


class LiveTaylor(_Small):
    """The remainder of a Taylor expansion against the step: of second order, until rounding takes over."""

    def show(self, steps: Sequence[float] | np.ndarray, remainder: Sequence[float] | np.ndarray) -> None:
        """Replace the curve.

        Parameters
        ----------
        steps
            Step sizes h, (k,), positive.
        remainder
            What the expansion of first order leaves at each, (k,); its absolute value is drawn.

        Raises
        ------
        ValueError
            If the lengths differ, or a step is not positive.
        """
        h = column("steps", steps)
        if not h.size or not (h > 0).all():
            raise ValueError("steps: expected at least one, and all positive")
        order = np.argsort(h)
        h, rest = h[order], positive(np.abs(column("remainder", remainder, h.size)))[order]
        fig = self._built()
        self._rest.data = {"h": h, "rest": rest}
        known = np.flatnonzero(np.isfinite(rest))
        set_limits(fig.x_range, *log_limits(h))
        set_limits(fig.y_range, *log_limits(rest))
        if known.size:  # through the greatest step, where rounding matters least
            last = known[-1]
            self._slope.data = {"x": h[[0, last]], "y": rest[last] * (h[[0, last]] / h[last]) ** 2}
        else:
            self._slope.data = {"x": [], "y": []}

    def _build(self) -> figure:
        fig = plain_figure(HEIGHT, "step h", "|remainder|", log_x=True, log_y=True)
        self._rest = ColumnDataSource()
        reference, self._slope = dashed_line(fig)
        line = fig.line("h", "rest", source=self._rest, color=ANALYSIS, line_width=2)
        dots = fig.scatter("h", "rest", source=self._rest, color=ANALYSIS, size=6)
        legend_above(fig, {"remainder": [line, dots], "slope 2": [reference]})
        return fig

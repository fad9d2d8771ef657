"""The error of each method against the spread that it expects."""

from collections.abc import Mapping

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Line, Scatter
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, positive, set_limits
from dashboard.plots.race.frame import Notice, finite, legend, method_colour, race_figure, short, value_hover
from dashboard.plots.skill.frame import HEIGHT, NOTHING, calm_log, entries, log_across, plain_ticks
from dashboard.theme import NEUTRAL

#: Spread and error over each stretch of the run, (B,) both.
Points = tuple[np.ndarray, np.ndarray]


class SpreadError:
    """A point for each stretch of the run, the newest large, and the diagonal on which spread and error are equal.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = HEIGHT) -> None:
        self._height = height
        self._labels: tuple[str, ...] = ()
        self._limits: tuple[float, float] | None = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self.clear()

    def show(self, cycles: np.ndarray, points: Mapping[str, Points]) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        cycles
            Middles of the stretches, (B,).
        points
            By the method's label, in the order of the colours; NaN where a method expects nothing.

        Raises
        ------
        ValueError
            If lengths differ.
        """
        if tuple(points) != self._labels:
            self._labels = tuple(points)
            self._build()
        middles = column("cycles", cycles)
        drawn = []
        for label, (spread, error) in points.items():
            x, y = (positive(finite(column(f"{label}, {name}", values, middles.size)))
                    for name, values in (("spread", spread), ("error", error)))  # fmt: skip
            known = np.isfinite(x) & np.isfinite(y)
            data = {"spread": x[known], "error": y[known], "cycle": middles[known]}
            self._sources[label].data = data
            self._newest[label].data = {name: values[-1:] for name, values in data.items()}
            self._items[label].visible = bool(known.any())
            drawn += [x[known], y[known]]
        there = any(values.size for values in drawn)
        self._notice.show(not there)
        if there:
            self._scale(np.concatenate(drawn))

    def clear(self) -> None:
        """Take everything away."""
        self._labels, self._limits = (), None
        self._build()

    def _scale(self, values: np.ndarray) -> None:
        """Give both axes the same limits."""
        self._limits = calm_log(self._limits, values)
        for axis in (self.figure.x_range, self.figure.y_range):
            set_limits(axis, *self._limits)
        # Far beyond the ends, so that it is there wherever a person pans to.
        ends = np.array([self._limits[0] * 1e-3, self._limits[1] * 1e3])
        self._diagonal.data = {"x": ends, "y": ends}

    def _build(self) -> None:
        fig = race_figure(self._height, "spread", "RMSE", tools="pan,wheel_zoom,reset,save", log_y=True)
        log_across(fig)
        plain_ticks(fig.yaxis[0])
        self._diagonal = ColumnDataSource(data={"x": [], "y": []})
        equal = fig.add_glyph(self._diagonal, Line(x="x", y="y", line_color=NEUTRAL, line_width=1.8, line_dash="dashed"))
        empty: dict[str, list] = {"spread": [], "error": [], "cycle": []}
        self._sources = {label: ColumnDataSource(data=empty) for label in self._labels}
        self._newest = {label: ColumnDataSource(data=empty) for label in self._labels}
        dots: dict[str, list[GlyphRenderer]] = {}
        for place, label in enumerate(self._labels):
            colour = method_colour(place)
            small = Scatter(x="spread", y="error", size=6, fill_color=colour, fill_alpha=0.5, line_color=None)
            large = Scatter(x="spread", y="error", size=12, fill_color=colour, line_color="white", line_width=1.5)
            dots[label] = [fig.add_glyph(self._sources[label], small), fig.add_glyph(self._newest[label], large)]
            rows = [(short(label), "about cycle @cycle{0}"), ("spread", "@spread{custom}"), ("RMSE", "@error{custom}")]
            hover = HoverTool(renderers=[dots[label][0]], tooltips=rows)
            hover.formatters = {"@spread": value_hover(), "@error": value_hover()}
            fig.add_tools(hover)
        legend(fig, [*dots.items(), ("spread = RMSE", [equal])], "right")
        self._items = entries(fig, self._labels)
        self._notice: Notice = Notice(fig, NOTHING)
        self.figure: figure = fig
        self.pane.object = fig

"""How variational methods came to the minimum in their newest analysis."""

from collections.abc import Mapping, Sequence

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColumnDataSource, HoverTool, Line, Scatter
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import column, positive, set_limits
from dashboard.plots.race.frame import Notice, calm, finite, legend, method_colour, race_figure, short, value_hover
from dashboard.plots.skill.frame import HEIGHT, calm_log, entries, plain_ticks
from dashboard.theme import NEUTRAL

#: From this ratio of the greatest to the least J on, the axis is logarithmic.
LOG_FROM = 50.0
#: Part of the axis of J that stays free above and below what is drawn, for half a dot.
ROOM = 0.04
LINEARISED, OUTER = "linearised", "J itself"


class Costs:
    """J of the linearised problem along the inner iterations, and J itself where an outer loop begins and at the end.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = HEIGHT) -> None:
        self._height, self._log = height, False
        self._labels: tuple[str, ...] = ()
        self._limits: tuple[float, float] | None = None
        self._across: tuple[float, float] | None = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self.clear()

    def show(self, costs: Mapping[str, Sequence[np.ndarray] | None]) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        costs
            By the method's label, in the order of the colours: for each outer loop J at its beginning, and J of the
            linearised problem after each inner iteration, (k,); the last has J at the analysis alone. None of methods
            without iterations.
        """
        paths = {label: _path(loops) for label, loops in costs.items()}
        values = np.concatenate([np.empty(0), *(path["cost"] for path in paths.values())])
        known = values[np.isfinite(values)]
        log = bool(known.size and known.min() > 0 and known.max() > LOG_FROM * known.min())
        if (tuple(costs), log) != (self._labels, self._log):
            self._labels, self._log = tuple(costs), log
            self._build()
        for label, path in paths.items():
            outer = path.pop("outer").astype(bool)
            line = {name: values.copy() for name, values in path.items()}
            line["cost"] = positive(line["cost"]) if log else line["cost"]
            self._lines[label].data = line
            self._dots[label].data = {name: values[outer] for name, values in line.items()}
            self._items[label].visible = bool(outer.any())
        self._notice.show(not known.size)
        if not known.size:
            return
        last = max(float(np.nanmax(path["iteration"], initial=0)) for path in paths.values())
        self._across = calm(self._across, 0.0, max(last, 1.0))
        set_limits(self.figure.x_range, -0.03 * self._across[1], self._across[1])
        self._limits = self._around(float(known.min()), float(known.max()))
        set_limits(self.figure.y_range, *self._limits)

    def clear(self) -> None:
        """Take everything away."""
        self._labels = ()
        self._build()

    def _around(self, low: float, high: float) -> tuple[float, float]:
        """Return limits of J that leave room for whole dots at both ends, where calm limits leave none."""
        if self._log:
            room = (high / low) ** ROOM
            return calm_log(self._limits, np.array([low / room, high * room]))
        room = ROOM * (high - low)
        return calm(self._limits, low - room, high + room)

    def _build(self) -> None:
        fig = race_figure(self._height, "inner iteration", "J", tools="pan,wheel_zoom,reset,save", log_y=self._log)
        if self._log:
            plain_ticks(fig.yaxis[0])
        fig.xaxis.ticker = BasicTicker(min_interval=1, num_minor_ticks=0)
        self._limits = self._across = None
        self._lines = {label: ColumnDataSource(data={"iteration": [], "cost": []}) for label in self._labels}
        self._dots = {label: ColumnDataSource(data={"iteration": [], "cost": []}) for label in self._labels}
        drawn: dict[str, list[GlyphRenderer]] = {}
        for place, label in enumerate(self._labels):
            colour = method_colour(place)
            line = fig.add_glyph(self._lines[label], Line(x="iteration", y="cost", line_color=colour, line_width=2))
            look = Scatter(x="iteration", y="cost", size=9, fill_color=colour, line_color="white", line_width=1.2)
            dots = fig.add_glyph(self._dots[label], look)
            drawn[label] = [line, dots]
            for renderer, what in ((line, LINEARISED), (dots, OUTER)):
                rows = [(short(label), "iteration @iteration{0}"), (what, "@cost{custom}")]
                hover = HoverTool(renderers=[renderer], tooltips=rows)
                hover.formatters = {"@cost": value_hover(digits=6)}
                fig.add_tools(hover)
        nowhere = ColumnDataSource(data={"x": [np.nan], "y": [np.nan]})
        keys: list[tuple[str, list[GlyphRenderer]]] = [
            (LINEARISED, [fig.add_glyph(nowhere, Line(x="x", y="y", line_color=NEUTRAL, line_width=2))]),
            (OUTER, [fig.add_glyph(nowhere, Scatter(x="x", y="y", size=9, fill_color=NEUTRAL, line_color="white"))]),
        ]
        legend(fig, [*drawn.items(), *keys], "right")
        self._items = entries(fig, self._labels)
        self._notice: Notice = Notice(fig, "no method iterates")
        self.figure: figure = fig
        self.pane.object = fig


def _path(loops: Sequence[np.ndarray] | None) -> dict[str, np.ndarray]:
    """Return iterations and costs one after the other, with NaN between loops, and which are J itself."""
    parts, done = [np.empty((3, 0))], 0
    for loop in loops or ():
        values = finite(column("costs", loop))
        k = np.arange(values.size)
        parts += [np.stack([done + k, values, k == 0]), np.array([[np.nan], [np.nan], [0]])]
        done += max(0, values.size - 1)
    iteration, cost, outer = np.concatenate(parts, axis=1)
    return {"iteration": iteration, "cost": cost, "outer": outer}

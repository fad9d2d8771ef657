"""Mean and standard deviation of O−B and O−A against level."""

from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColumnDataSource, HoverTool
from bokeh.models.renderers import GlyphRenderer

from backends.observations.statistics import Departures, Summary
from dashboard.plots.axes import legend_above, plain_figure
from dashboard.plots.numbers import Writers, reading, say
from dashboard.theme import ANALYSIS, BACKGROUND, NEUTRAL

HEIGHT = 300


class LevelStatistics:
    """Lines through the mean levels of layers: solid the mean, dashed the standard deviation."""

    def __init__(self) -> None:
        self.figure = fig = plain_figure(HEIGHT, "", "")
        fig.xaxis.ticker = BasicTicker(desired_num_ticks=5)
        self._sources: dict[str, ColumnDataSource] = {}
        self._level, self._departure = reading(), reading(digits=4)
        entries: dict[str, list[GlyphRenderer]] = {}
        for name, color in (("O−B", BACKGROUND), ("O−A", ANALYSIS)):
            source = self._sources[name] = ColumnDataSource(data={"mean": [], "std": [], "level": [], "n": []})
            dots = fig.scatter("mean", "level", source=source, color=color, size=6)
            entries[f"{name} mean"] = [fig.line("mean", "level", source=source, color=color, line_width=2), dots]
            spread = fig.line("std", "level", source=source, color=color, line_width=2, line_dash="dashed")
            entries[f"{name} standard deviation"] = [spread]
            tooltips = [
                (name, ""),
                ("level", "@level{custom}"),
                ("mean", "@mean{custom}"),
                ("standard deviation", "@std{custom}"),
                ("n", "@n{0,0}"),
            ]
            written: Writers = {"@level": self._level, "@mean": self._departure, "@std": self._departure}
            fig.add_tools(HoverTool(renderers=[dots], tooltips=tooltips, formatters=written))
        fig.vspan(0, line_color=NEUTRAL)
        self._items = legend_above(fig, entries)
        fig.legend.nrows = 2  # four names beside each other are wider than the figure
        self.pane = pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0)

    def show(
        self, edges: np.ndarray, at: np.ndarray, departures: Sequence[Departures], passed: bool, level: tuple[str, str],
        units: str, downward: bool,
    ) -> None:  # fmt: skip
        """Replace the lines.

        Parameters
        ----------
        edges
            Of the layers, (k + 1,), as they are printed.
        at
            Where in each layer its data are in the mean, (k,).
        departures
            Of each, (k,).
        passed
            Whether only of those that passed quality control.
        level
            What the levels are, and their unit.
        units
            Of the departures.
        downward
            Whether levels grow downward.
        """
        both = {
            "O−B": [d.background_passed if passed else d.background for d in departures],
            "O−A": [d.analysis_passed if passed else d.analysis for d in departures],
        }
        reach = [0.0]
        for name, summaries in both.items():
            data = _columns(summaries, at)
            self._sources[name].data = data
            for what in ("mean", "standard deviation"):
                self._items[f"{name} {what}"].visible = any(s.n for s in summaries)
            reach += [v for column in ("mean", "std") for v in data[column] if np.isfinite(v)]
        margin = 0.06 * (max(reach) - min(reach)) or 1.0
        fig = self.figure
        fig.x_range.update(start=min(reach) - margin, end=max(reach) + margin)
        low, high = float(edges[0]), float(edges[-1])
        fig.y_range.update(start=high if downward else low, end=low if downward else high)
        fig.xaxis.axis_label = f"departure [{units}]" if units else "departure"
        fig.yaxis.axis_label = f"{level[0]} [{level[1]}]" if level[1] else level[0]
        say(self._departure, units, digits=4)
        say(self._level, level[1])


def _columns(summaries: Sequence[Summary], at: np.ndarray) -> dict[str, list[float]]:
    return {
        "mean": [s.mean for s in summaries],
        "std": [s.std for s in summaries],
        "n": [float(s.n) for s in summaries],
        "level": at.tolist(),
    }

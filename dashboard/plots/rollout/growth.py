"""How small errors grow with time, on a logarithmic axis, beside the rate that is read from it."""

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Line
from bokeh.plotting import figure

from dashboard.plots.axes import log_limits, positive, set_limits
from dashboard.plots.race.frame import legend, race_figure, value_hover
from dashboard.plots.training.frame import log_ticks
from dashboard.theme import ANALYSIS, NEUTRAL


class ErrorGrowth:
    """The factor by which errors have grown, and a straight line at the rate.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = 270) -> None:
        self._height = height
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", max_width=760, margin=0)

    def show(self, times: np.ndarray, factor: np.ndarray, fitted: np.ndarray, x_label: str) -> None:
        """Draw errors in parts of their first size, and what the rate says, (K + 1,) each."""
        fig: figure = race_figure(self._height, x_label, "error / first error", tools="pan,wheel_zoom,reset,save", log_y=True)
        fig.yaxis.ticker = log_ticks()
        values = {"factor": positive(factor), "fitted": positive(fitted)}
        source = ColumnDataSource(data={"time": times, **values})
        rate = fig.add_glyph(source, Line(x="time", y="fitted", line_color=NEUTRAL, line_width=4, line_alpha=0.7))
        line = fig.add_glyph(source, Line(x="time", y="factor", line_color=ANALYSIS, line_width=2))
        hover = HoverTool(renderers=[line], tooltips=[("factor", "@factor{custom}"), (x_label, "@time{0.[000]}")])
        hover.formatters = {"@factor": value_hover()}
        fig.add_tools(hover)
        legend(fig, [("errors, geometric mean over starts", [line]), ("rate after the transient", [rate])])
        set_limits(fig.x_range, float(times[0]), float(times[-1]))
        set_limits(fig.y_range, *log_limits(*values.values()))
        self.figure: figure = fig
        self.pane.object = fig

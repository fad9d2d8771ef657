"""Two analyses on the periodic line, and their difference."""

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, WheelZoomTool

from dashboard.plots.axes import column, dashes, legend_above, plain_figure, set_limits
from dashboard.theme import ANALYSIS, NEUTRAL, PICKED, TRUTH

HEIGHTS = 300, 190
_TOOLS = "xpan,xwheel_zoom,reset,save"
#: Colours of the lines, and dashed like what: the pinned analysis stands where the background does elsewhere.
_LINES = (("truth", TRUTH, "truth"), ("pinned", PICKED[0], "background"), ("current", ANALYSIS, "analysis"))
_WIDTH = 2.2


class LivePair:
    """Truth and two analyses above, the difference below; linked along x, data replaced in place."""

    def __init__(self) -> None:
        self.figure = plain_figure(HEIGHTS[0], "", "", tools=_TOOLS)
        self.lower = plain_figure(HEIGHTS[1], "x", "current − pinned", x_range=self.figure.x_range, tools=_TOOLS)
        self.lower.toolbar_location = None
        set_limits(self.figure.x_range, 0.0, 1.0)
        self._source = ColumnDataSource(data={name: [] for name in ("x", "truth", "pinned", "current", "difference")})
        lines = {
            name: [
                self.figure.line(
                    "x", name, source=self._source, line_color=color, line_width=_WIDTH, line_dash=dashes(kind, _WIDTH)
                )
            ]
            for name, color, kind in _LINES
        }
        self.lower.line("x", "difference", source=self._source, line_color=NEUTRAL, line_width=2)
        legend_above(self.figure, lines)
        for fig, names in ((self.figure, tuple(lines)), (self.lower, ("difference",))):
            fig.toolbar.active_scroll = next(t for t in fig.tools if isinstance(t, WheelZoomTool))
            fig.add_tools(HoverTool(tooltips=[("x", "@x{0.000}"), *((n, f"@{n}{{0.0000}}") for n in names)], mode="vline"))
        panes = [pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0) for fig in (self.figure, self.lower)]
        self.pane = pn.Column(*panes, sizing_mode="stretch_width", margin=0)

    def show(
        self,
        x: np.ndarray,
        truth: np.ndarray,
        pinned: np.ndarray,
        current: np.ndarray,
        limits: tuple[float, float],
        difference_limits: tuple[float, float],
        units: str,
    ) -> None:
        """Draw the truth and both analyses, shape (n,) each, within limits."""
        positions = column("x", x)
        named = {"truth": truth, "pinned": pinned, "current": current, "difference": current - pinned}
        self._source.data = {"x": positions, **{name: column(name, v, positions.size) for name, v in named.items()}}
        set_limits(self.figure.y_range, *limits)
        set_limits(self.lower.y_range, *difference_limits)
        self.figure.yaxis.axis_label = units or None

"""One line along the periodic domain, with a mark at the place it belongs to."""

from collections.abc import Callable

import numpy as np
import panel as pn
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, HoverTool, WheelZoomTool
from bokeh.models.annotations.geometry import Span

from dashboard.plots.axes import column, plain_figure, set_limits
from dashboard.theme import NEUTRAL

HEIGHT = 340


class LiveCurve:
    """A curve over x from 0 to 1, whose data are replaced while it is shown.

    Parameters
    ----------
    on_tap
        Called with x where a person clicks.
    """

    def __init__(self, on_tap: Callable[[float], None] | None = None) -> None:
        self.figure = plain_figure(HEIGHT, "x", "", tools="xpan,xwheel_zoom,reset,save")
        self.figure.toolbar.active_scroll = next(t for t in self.figure.tools if isinstance(t, WheelZoomTool))
        set_limits(self.figure.x_range, 0.0, 1.0)
        self._source = ColumnDataSource(data={"x": [], "y": []})
        self._line = self.figure.line("x", "y", source=self._source, line_width=2.5)
        self._at = Span(dimension="height", line_color=NEUTRAL, line_dash="dashed", line_width=1.5)
        self.figure.add_layout(self._at)
        self.figure.add_tools(HoverTool(tooltips=[("x", "@x{0.000}"), ("value", "@y{0.0000}")], mode="vline"))
        if on_tap is not None:
            tapped = on_tap
            self.figure.on_event(Tap, lambda event: tapped(float(np.clip(event.x, 0, 1))))
        self.pane = pn.pane.Bokeh(self.figure, sizing_mode="stretch_width", margin=0)

    def show(
        self, x: np.ndarray, y: np.ndarray, limits: tuple[float, float], name: str, units: str, color: str, at: float
    ) -> None:
        """Draw a curve of values `y` (n,) at `x` (n,) within limits, in a colour, and mark the place `at`."""
        positions = column("x", x)
        self._source.data = {"x": positions, "y": column("y", y, positions.size)}
        self._line.glyph.line_color = color
        set_limits(self.figure.y_range, *limits)
        self.figure.yaxis.axis_label = f"{name} [{units}]" if units else name
        self._at.location = at

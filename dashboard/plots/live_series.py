"""Series at picked places, drawn anew for other places and with a line that follows the time of the map."""

from collections.abc import Sequence

import holoviews as hv
import panel as pn
from bokeh.models.annotations.geometry import Span

from backends.fields.field import Series
from dashboard.plots.marked import Dots, marked_values, marker_of
from dashboard.plots.series import SERIES_HEIGHT, drawn_at, series_plot


class LiveSeries:
    """Lines at picked places, several with the markers of their colours, and a vertical line at the time shown on the map."""

    def __init__(self) -> None:
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0, height=SERIES_HEIGHT)
        self._now: Span | None = None
        self._series: Series | None = None

    def show(self, series: Sequence[Series], colors: Sequence[str], current: int, name: str, units: str) -> None:
        """Draw the series anew; none clears the plot."""
        self._series = series[0] if series else None
        if not series:
            self.pane.object = self._now = None
            return
        fig = hv.render(series_plot(series, colors, current, name, units), backend="bokeh")
        if len(series) > 1:
            x = drawn_at(series[0].axis)
            for place, (s, color) in enumerate(zip(series, colors, strict=True)):
                at = marked_values(s.values, place, len(series))
                Dots(fig, marker_of(color), color).show(x[at], s.values[at])
        self._now = fig.select_one({"type": Span})
        self.pane.object = fig

    def move_to(self, current: int) -> None:
        """Move the vertical line to an index of the time axis."""
        if self._now is not None and self._series is not None:
            self._now.location = drawn_at(self._series.axis)[current]

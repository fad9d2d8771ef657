"""A meteogram: all that is forecast at a point against lead time, one figure below the other."""

from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.models import AdaptiveTicker, ColumnDataSource, CustomJSTickFormatter, Range1d
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from backends.experiments.rollout.series import Series
from dashboard.plots.axes import set_limits
from dashboard.plots.race.frame import ANY_HEIGHT, legend, with_units
from dashboard.plots.rollout.reel import Strip, as_frames
from dashboard.plots.rollout.series import SeriesFigure
from dashboard.plots.rollout.winds import WindArrows

#: Pixels of the only figure, of one of several, and of the axis of leads and of the legend.
ALONE, HEIGHT, AXIS, LEGEND = 260, 150, 56, 24
#: Part of all leads that there is room for at either end, so that arrows are whole.
MARGIN = 0.015
#: What is shown before there is anything.
NOTHING = Series("state", "", np.empty(0), {})

_DATED = """
    const [date, time] = new Date(began + 3600000 * tick).toISOString().split("T")
    const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    const [, month, day] = date.split("-").map(Number)
    return `${tick}\\n${day} ${months[month - 1]} ${time.slice(0, 5)}`
"""


class Meteogram:
    """Figures with one axis of leads: plumes, bars of amounts, and arrows of winds below their speed."""

    def __init__(self) -> None:
        self.lead = ColumnDataSource(data={"x": []})
        self.pane = pn.Column(sizing_mode="stretch_width", margin=0, styles=ANY_HEIGHT)
        self._key: tuple = ()
        self._build([NOTHING], "", None)

    @property
    def figures(self) -> list[figure]:
        """From above to below."""
        return [part.figure for part in self._parts]

    def show(
        self,
        leads: np.ndarray,
        valid: tuple[str, ...],
        series: Sequence[Series],
        time_unit: str = "",
        began: np.datetime64 | None = None,
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        leads, valid
            Leads (K + 1,), and what the valid times are called.
        series
            One figure each, all with the same models.
        time_unit, began
            Unit of leads, and the date of the start where there are dates; leads are hours then.
        """
        key = (time_unit, began, *((one.name, one.unit, one.amounts, tuple(one.models)) for one in series))
        if key != self._key:
            self._key = key
            self._build(series, time_unit, began)
        margin = MARGIN * (float(leads[-1] - leads[0]) or 1.0)
        set_limits(self._x_range, float(leads[0]) - margin, float(leads[-1]) + margin)
        for one, panel, arrows in zip(series, self.panels, self.arrows, strict=True):
            panel.show(leads, valid, one)
            if arrows is not None and one.winds is not None:
                arrows.show(leads, one.winds)

    def strip(self, leads: np.ndarray) -> Strip:
        """Return the frames of the mark at the lead that is shown."""
        return Strip(self.lead, {"x": as_frames(leads[:, None])})

    def clear(self) -> None:
        """Take everything away."""
        self._key = ()
        self.lead.data = {"x": []}
        self._build([NOTHING], "", None)

    def _build(self, series: Sequence[Series], time_unit: str, began: np.datetime64 | None) -> None:
        self._x_range = Range1d()
        label = with_units("lead time", time_unit) + ("" if began is None else ", valid time [UTC]")
        self.panels: list[SeriesFigure] = []
        self.arrows: list[WindArrows | None] = []
        self._parts: list[SeriesFigure | WindArrows] = []
        for place, one in enumerate(series):
            below = label if place == len(series) - 1 else ""
            beside = "" if one.winds is not None else below
            height = ALONE if len(series) == 1 else HEIGHT + LEGEND * (place == 0) + AXIS * bool(beside)
            self.panels.append(SeriesFigure(one, self.lead, self._x_range, beside, height))
            self.arrows.append(None if one.winds is None else WindArrows(one.winds, self.lead, self._x_range, below))
            self._parts += [part for part in (self.panels[-1], self.arrows[-1]) if part is not None]
        for fig in self.figures[:-1]:
            fig.xaxis.visible = False
        _date(self.figures[-1], began)
        self._link()
        self.pane.objects = [pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0) for fig in self.figures]

    def _link(self) -> None:
        """Give the first figure the legend of all: what is hidden by a click is hidden everywhere."""
        first = self.panels[0].drawn
        legend(self.panels[0].figure, list(first.items()))
        for label, renderers in first.items():
            others: list[GlyphRenderer] = [r for part in self._parts[1:] for r in part.drawn[label]]
            for other in others:
                renderers[0].js_link("visible", other, "visible")


def _date(fig: figure, began: np.datetime64 | None) -> None:
    """Write the valid time below each lead, in hours, and let both be round numbers."""
    if began is None:
        return
    milliseconds = int(began.astype("datetime64[ms]").astype(int))
    ticker = AdaptiveTicker(base=24, mantissas=[1, 2, 3, 6, 12], min_interval=1, num_minor_ticks=0, desired_num_ticks=5)
    fig.xaxis.update(ticker=ticker, formatter=CustomJSTickFormatter(args={"began": milliseconds}, code=_DATED))

"""Forecasts at one point against lead time: the truth, and the members of each model as a plume."""

from collections.abc import Mapping

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Line, VArea, VSpan
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import set_limits
from dashboard.plots.race.frame import Notice, calm, finite, legend, method_colour, race_figure, short, value_hover, with_units
from dashboard.plots.rollout.reel import Strip, as_frames
from dashboard.theme import NEUTRAL, TRUTH

#: Rows of a model's series.
ROWS = ("mean", "least", "low", "high", "most")


class Meteogram:
    """Per model the mean, a band that holds most members, and thin lines at the least and greatest member.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = 260) -> None:
        self._height = height
        self._key: tuple = ((), "", "")
        self.lead = ColumnDataSource(data={"x": []})
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self._build((), "lead", "state")

    def show(
        self,
        leads: np.ndarray,
        truth: np.ndarray,
        models: Mapping[str, np.ndarray],
        name: str,
        units: str = "",
        time_unit: str = "",
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        leads, truth
            (K + 1,) each.
        models
            By their labels, in the order of the colours, (5, K + 1): rows as :data:`ROWS`.
        name, units, time_unit
            What it is a series of.
        """
        key = (tuple(models), with_units("lead time", time_unit), with_units(name, units))
        if key != self._key:
            self._build(*key)
        columns = {"lead": leads, "truth": finite(truth)}
        for place, rows in enumerate(models.values()):
            columns |= {f"{row}_{place}": finite(values) for row, values in zip(ROWS, rows, strict=True)}
        self._source.data = columns
        set_limits(self.figure.x_range, float(leads[0]), float(leads[-1]))
        low, high = float(np.nanmin(truth)), float(np.nanmax(truth))
        reach = max(high - low, 1e-9)
        # A model that goes astray does not flatten the others.
        seen = [values[np.isfinite(values)] for rows in models.values() for values in (finite(rows[2]), finite(rows[3]))]
        known = np.concatenate([truth, *seen])
        low, high = max(float(known.min()), low - 1.5 * reach), min(float(known.max()), high + 1.5 * reach)
        set_limits(self.figure.y_range, *calm(None, low, high))
        self._notice.show(False)

    def strip(self, leads: np.ndarray) -> Strip:
        """Return the frames of the mark at the lead that is shown."""
        return Strip(self.lead, {"x": as_frames(leads[:, None])})

    def clear(self) -> None:
        """Take everything away."""
        self.lead.data = {"x": []}
        self._build((), "lead time", "state")

    def _build(self, labels: tuple[str, ...], x_label: str, y_label: str) -> None:
        self._key = (labels, x_label, y_label)
        fig = race_figure(self._height, x_label, y_label, tools="pan,wheel_zoom,reset,save")
        names = ["lead", "truth", *(f"{row}_{k}" for k in range(len(labels)) for row in ROWS)]
        self._source = ColumnDataSource(data={name: [] for name in names})
        fig.add_glyph(self.lead, VSpan(x="x", line_color=NEUTRAL, line_width=1.5))
        drawn: dict[str, list[GlyphRenderer]] = {}
        for place, label in enumerate(labels):
            colour = method_colour(place)
            band = VArea(x="lead", y1=f"low_{place}", y2=f"high_{place}", fill_color=colour, fill_alpha=0.2)
            ends = [Line(x="lead", y=f"{row}_{place}", line_color=colour, line_width=0.7, line_dash=[3, 3])
                    for row in ("least", "most")]  # fmt: skip
            mean = Line(x="lead", y=f"mean_{place}", line_color=colour, line_width=2)
            drawn[label] = [fig.add_glyph(self._source, glyph) for glyph in (band, *ends, mean)]
        truth = fig.add_glyph(self._source, Line(x="lead", y="truth", line_color=TRUTH, line_width=3))
        legend(fig, [("truth", [truth]), *drawn.items()])
        rows = [(x_label, "@lead{0.[000]}"), ("truth", "@truth{custom}")]
        rows += [(short(label), f"@mean_{place}{{custom}}") for place, label in enumerate(labels)]
        hover = HoverTool(renderers=[truth], mode="vline", tooltips=rows)
        hover.formatters = {"@truth": value_hover(), **{f"@mean_{k}": value_hover() for k in range(len(labels))}}
        fig.add_tools(hover)
        self._notice: Notice = Notice(fig)
        self.figure: figure = fig
        self.pane.object = fig

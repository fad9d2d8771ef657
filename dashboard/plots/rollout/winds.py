"""Directions of the wind against lead time: a row of arrows for the truth, and one for each model."""

import math

import numpy as np
from bokeh.models import ColumnDataSource, Range1d, Text, VSpan
from bokeh.models.renderers import GlyphRenderer

from backends.experiments.rollout.series import Winds
from dashboard.plots.axes import set_limits
from dashboard.plots.race.frame import method_colour, race_figure
from dashboard.theme import NEUTRAL, TRUTH

#: Pixels between two rows, and arrows of a row at most.
ROW, MOST_ARROWS = 22, 48


class WindArrows:
    """Arrows point where the wind blows to, north is up; those of a model are of its mean wind.

    Parameters
    ----------
    winds
        Gives the models; its values are shown by :meth:`show`.
    lead
        Source of the mark at the lead that is shown.
    x_range
        That all figures share.
    x_label
        Of the axis of leads.
    """

    def __init__(self, winds: Winds, lead: ColumnDataSource, x_range: Range1d, x_label: str) -> None:
        labels = ("truth", *winds.models)
        below = 56 if x_label else 4
        self.figure = race_figure(ROW * len(labels) + 8 + below, x_label, "blows to", tools="")
        self.figure.x_range = x_range
        self.figure.grid.visible = False
        self.figure.yaxis.update(ticker=[], major_label_text_font_size="0px")
        set_limits(self.figure.y_range, -0.6, len(labels) - 0.4)
        self.figure.add_glyph(lead, VSpan(x="x", line_color=NEUTRAL, line_width=1.5))
        self._sources: list[ColumnDataSource] = []
        #: What is drawn of the truth and of each model.
        self.drawn: dict[str, list[GlyphRenderer]] = {}
        for row, label in enumerate(labels):
            source = ColumnDataSource(data={"lead": [], "row": [], "angle": [], "text": []})
            colour = TRUTH if row == 0 else method_colour(row - 1)
            arrows = Text(
                x="lead", y="row", text="text", angle="angle", text_align="center", text_baseline="middle",
                text_color=colour, text_font_size="26px",
            )  # fmt: skip
            self._sources.append(source)
            self.drawn[label] = [self.figure.add_glyph(source, arrows)]

    def show(self, leads: np.ndarray, winds: Winds) -> None:
        """Replace all arrows; leads (K + 1,)."""
        stride = math.ceil(len(leads) / MOST_ARROWS)
        rows = [winds.truth, *winds.models.values()]
        for row, (source, wind) in enumerate(zip(self._sources, rows, strict=True)):
            u, v = wind[:, ::stride]
            blows = np.isfinite(u + v) & (np.hypot(u, v) > 0)
            angle = np.arctan2(-u, v)[blows]  # an arrow upwards, turned to the left
            count = len(angle)
            source.data = {
                "lead": leads[::stride][blows], "row": [len(rows) - 1 - row] * count, "angle": angle, "text": ["↑"] * count,
            }  # fmt: skip

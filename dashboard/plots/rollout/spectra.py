"""Power spectra of forecasts at one lead, beside that of the truth."""

from collections.abc import Hashable, Mapping

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Line
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import dashes, log_limits, positive, set_limits
from dashboard.plots.race.frame import finite, legend, method_colour, race_figure, short, value_hover
from dashboard.plots.skill.frame import log_across
from dashboard.plots.training.frame import head, log_ticks
from dashboard.theme import TRUTH

#: Powers so many times below the greatest are rounding, and not followed by the axis.
LEAST = 1e-7


class Spectra:
    """Power against wavenumber, both logarithmic.

    Parameters
    ----------
    height
        Pixels.
    """

    def __init__(self, height: int = 290) -> None:
        self._height = height
        self._key: Hashable = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def show(
        self,
        title: str,
        wavenumbers: np.ndarray,
        truth: np.ndarray,
        models: Mapping[str, np.ndarray],
        x_label: str,
        y_label: str,
    ) -> None:
        """Replace all that is shown: powers (W,) of the truth and, by their labels, of the models."""
        key = (title, tuple(models), x_label, y_label)
        if key != self._key:
            self._key = key
            self._build(title, tuple(models), x_label, y_label)
        with np.errstate(invalid="ignore"):
            powers = [positive(finite(values)) for values in (truth, *models.values())]
        for source, values in zip(self._sources, powers, strict=True):
            source.data = {"k": wavenumbers, "power": values}
        known = np.concatenate(powers)
        known = known[np.isfinite(known)]
        if known.size:
            set_limits(self.figure.x_range, float(wavenumbers[0]) * 0.9, float(wavenumbers[-1]) * 1.1)
            set_limits(self.figure.y_range, *log_limits(known[known > LEAST * known.max()]))

    def _build(self, title: str, labels: tuple[str, ...], x_label: str, y_label: str) -> None:
        fig = race_figure(self._height, x_label, y_label, tools="pan,wheel_zoom,reset,save", log_y=True)
        log_across(fig)
        fig.yaxis.ticker = log_ticks()
        self._sources = [ColumnDataSource(data={"k": [], "power": []}) for _ in range(len(labels) + 1)]
        drawn: list[tuple[str, list[GlyphRenderer]]] = []
        for place, (label, source) in enumerate(zip(("truth", *labels), self._sources, strict=True)):
            colour, width, dash = (TRUTH, 3.0, dashes("truth", 3)) if not place else (method_colour(place - 1), 1.8, [])
            line = fig.add_glyph(source, Line(x="k", y="power", line_color=colour, line_width=width, line_dash=dash))
            hover = HoverTool(renderers=[line], tooltips=[(short(label), "@power{custom}"), ("wavenumber", "@k{0}")])
            hover.formatters = {"@power": value_hover()}
            fig.add_tools(hover)
            drawn.append((label, [line]))
        legend(fig, drawn, columns=2)
        head(fig, title, 400)
        self.figure: figure = fig
        self.pane.object = fig

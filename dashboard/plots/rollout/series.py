"""One figure of a meteogram: the truth and the members of each model against lead time, as plumes or as bars."""

from textwrap import fill

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, Line, Quad, Range1d, Segment, VArea, VSpan
from bokeh.models.renderers import GlyphRenderer

from backends.experiments.rollout.series import Series
from dashboard.plots.axes import dashes, set_limits
from dashboard.plots.race.frame import Notice, calm, finite, method_colour, race_figure, short, value_hover, with_units
from dashboard.theme import NEUTRAL, TRUTH

#: Rows of a model's series.
ROWS = ("mean", "least", "low", "high", "most")
#: Part of the time between two leads that bars take.
BARS = 0.8
#: How far from the truth values are shown, in what the truth varies by.
ASTRAY = 6.0
#: Characters of a line beside an axis.
WIDE = 20


class SeriesFigure:
    """Per model the mean, a band that holds most members, and thin lines at the least and greatest member.

    Amounts are bars instead, side by side within the time that they belong to, with a stroke that holds most members.

    Parameters
    ----------
    series
        Gives names, units and models; its values are shown by :meth:`show`.
    lead
        Source of the mark at the lead that is shown.
    x_range
        That all figures share.
    x_label, height
        Of the axis of leads, and pixels.
    """

    def __init__(self, series: Series, lead: ColumnDataSource, x_range: Range1d, x_label: str, height: int) -> None:
        y_label = fill(with_units(series.name, series.unit), WIDE)
        self.figure = race_figure(height, x_label, y_label, tools="pan,wheel_zoom,reset,save")
        self.figure.x_range = x_range
        labels = tuple(series.models)
        names = ["lead", "valid", "truth", *(f"{row}_{k}" for k in range(len(labels)) for row in ROWS)]
        edges = [f"{edge}_{k}" for k in range(len(labels) + 1) for edge in ("left", "middle", "right")]
        self._source = ColumnDataSource(data={name: [] for name in (*names, *(edges if series.amounts else ()))})
        self.figure.add_glyph(lead, VSpan(x="x", line_color=NEUTRAL, line_width=1.5))
        #: What is drawn of the truth and of each model.
        self.drawn: dict[str, list[GlyphRenderer]] = {}
        draw = self._bars if series.amounts else self._lines
        for place, label in enumerate(labels):
            self.drawn[label] = draw(place, method_colour(place))
        bar = Quad(left="left_0", right="right_0", bottom=0, top="truth", fill_color=TRUTH, line_color=None)
        line = Line(x="lead", y="truth", line_color=TRUTH, line_width=3, line_dash=dashes("truth", 3))
        truth = self.figure.add_glyph(self._source, bar if series.amounts else line)
        self.drawn = {"truth": [truth], **self.drawn}
        rows = [("lead", "@lead{0.[000]}"), ("valid", "@valid"), ("truth", "@truth{custom}")]
        rows += [(short(label), f"@mean_{place}{{custom}}") for place, label in enumerate(labels)]
        hover = HoverTool(renderers=[truth], mode="vline", tooltips=rows)
        value = value_hover(series.unit)
        hover.formatters = {"@truth": value, **{f"@mean_{k}": value for k in range(len(labels))}}
        self.figure.add_tools(hover)
        self.notice = Notice(self.figure)

    def show(self, leads: np.ndarray, valid: tuple[str, ...], series: Series) -> None:
        """Replace all values; leads (K + 1,), what the valid times are called."""
        truth = finite(series.truth)
        columns = {"lead": leads, "valid": list(valid), "truth": truth}
        for place, rows in enumerate(series.models.values()):
            columns |= {f"{row}_{place}": finite(values) for row, values in zip(ROWS, rows, strict=True)}
        if series.amounts:
            columns |= _within(leads, len(series.models) + 1)
        self._source.data = columns
        set_limits(self.figure.y_range, *_limits(truth, series))
        self.notice.show(False)

    def _lines(self, place: int, colour: str) -> list[GlyphRenderer]:
        band = VArea(x="lead", y1=f"low_{place}", y2=f"high_{place}", fill_color=colour, fill_alpha=0.2)
        ends = [Line(x="lead", y=f"{row}_{place}", line_color=colour, line_width=0.7, line_dash=[3, 3])
                for row in ("least", "most")]  # fmt: skip
        mean = Line(x="lead", y=f"mean_{place}", line_color=colour, line_width=2)
        return [self.figure.add_glyph(self._source, glyph) for glyph in (band, *ends, mean)]

    def _bars(self, place: int, colour: str) -> list[GlyphRenderer]:
        left, middle, right = (f"{edge}_{place + 1}" for edge in ("left", "middle", "right"))
        bar = Quad(left=left, right=right, bottom=0, top=f"mean_{place}", fill_color=colour, line_color=None)
        stroke = Segment(x0=middle, x1=middle, y0=f"low_{place}", y1=f"high_{place}", line_color=NEUTRAL, line_width=1.5)
        return [self.figure.add_glyph(self._source, glyph) for glyph in (bar, stroke)]


def _within(leads: np.ndarray, bars: int) -> dict[str, np.ndarray]:
    """Return left edge, middle and right edge of each of some bars that lie between two leads, (K + 1,) each."""
    length = np.diff(leads, prepend=leads[:1])
    found = {}
    for k in range(bars):
        for edge, part in (("left", k), ("middle", k + 0.5), ("right", k + 1)):
            found[f"{edge}_{k}"] = leads - length * (1 - (1 - BARS) / 2 - BARS * part / bars)
    return found


def _limits(truth: np.ndarray, series: Series) -> tuple[float, float]:
    """Return limits of the values, which a model that goes astray does not flatten."""
    known = truth[np.isfinite(truth)]
    plumes = [finite(rows[2:4]).ravel() for rows in series.models.values()]
    seen = np.concatenate([known, *(values[np.isfinite(values)] for values in plumes)])
    if series.amounts:  # bars begin at nought; where the truth has none, those of the models are still to be seen
        low, high = min(0.0, float(seen.min(initial=0.0))), max(0.0, float(seen.max(initial=0.0)))
        below, above = calm(None, low, high)
        return (0.0, above) if low == 0 else (below, above)
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    reach = max(high - low, 1e-9)
    if seen.size:
        low, high = max(float(seen.min()), low - ASTRAY * reach), min(float(seen.max()), high + ASTRAY * reach)
    return calm(None, low, high)

"""Rank histograms: where the truth lies among the members."""

from collections.abc import Mapping

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, HSpan, Quad, Text
from bokeh.models.annotations.labels import Title
from bokeh.plotting import figure

from dashboard.plots.axes import column, set_limits
from dashboard.plots.race.frame import Notice, method_colour, race_figure, short
from dashboard.plots.skill.frame import SMALL
from dashboard.theme import NEUTRAL

#: Edges (B + 1,), heights relative to a flat histogram (B,), and half the width of the band about 1 (B,).
Histogram = tuple[np.ndarray, np.ndarray, np.ndarray]
#: Ends of the vertical axis that is common to all: at least, and at most; higher bars are cut and say how high they are.
LEAST, MOST = 2.0, 4.0
#: A row that goes on below, and how wide each of its figures is. In a `FlexBox` figures that come later miss the
#: theme.
WRAPS = {"flex-wrap": "wrap", "gap": "4px 12px", "max-height": "none"}
FITS = {"flex": "1 1 230px", "min-width": "0", "max-width": "440px"}
#: What stands in their place.
NONE = "no ensemble has been counted yet"
_BARS = ("left", "right", "top", "low", "high", "cut", "at", "text")


class RankHistograms:
    """One small histogram for each method with an ensemble, with the line of a flat one and the band of chance about it.

    Parameters
    ----------
    height
        Of each, in pixels.
    """

    def __init__(self, height: int = SMALL) -> None:
        self._height = height
        self._labels: tuple[str, ...] = ()
        self.figures: dict[str, figure] = {}
        self._sources: dict[str, ColumnDataSource] = {}
        self._nothing = race_figure(height, "rank of the truth", "relative to flat", tools="")
        self._notice = Notice(self._nothing, NONE)
        self._empty = _box(self._nothing)
        self.pane = pn.Row(self._empty, sizing_mode="stretch_width", margin=0, styles=WRAPS)

    def show(self, histograms: Mapping[str, Histogram | None]) -> None:
        """Replace all histograms.

        Parameters
        ----------
        histograms
            By the method's label, in the order of the colours; None for one without an ensemble.

        Raises
        ------
        ValueError
            If lengths differ.
        """
        places = {label: place for place, label in enumerate(histograms)}
        some = {label: histogram for label, histogram in histograms.items() if histogram is not None}
        if tuple(some) != self._labels:
            self._build({label: method_colour(places[label]) for label in some})
        tallest = max((float(np.nanmax(heights, initial=0)) for _, heights, _ in some.values()), default=0.0)
        top = float(np.clip(1.1 * tallest, LEAST, MOST))
        for label, (edges, heights, band) in some.items():
            self._fill(label, edges, heights, band, top)

    def clear(self) -> None:
        """Take everything away."""
        self._build({})

    def _fill(self, label: str, edges: np.ndarray, heights: np.ndarray, band: np.ndarray, top: float) -> None:
        bars = column("heights", heights)
        width = column("band", band, bars.size)
        ends = column("edges", edges, bars.size + 1)
        self._sources[label].data = {
            "left": ends[:-1], "right": ends[1:], "top": bars, "low": np.maximum(1 - width, 0), "high": 1 + width,
            "cut": np.minimum(bars, top), "at": (ends[1:] + ends[:-1]) / 2,
            "text": [f"{bar:.1f}" if bar > top else "" for bar in bars],
        }  # fmt: skip
        fig = self.figures[label]
        # Room beside the bars, so that the first and the last, which matter most, are not lost in the frame.
        room = 0.02 * (ends[-1] - ends[0])
        set_limits(fig.x_range, ends[0] - room, ends[-1] + room)
        set_limits(fig.y_range, 0.0, top)

    def _build(self, colours: Mapping[str, str]) -> None:
        self._labels = tuple(colours)
        self.figures = {label: self._one(label, colour) for label, colour in colours.items()}
        self.pane.objects = [_box(fig) for fig in self.figures.values()] or [self._empty]

    def _one(self, label: str, colour: str) -> figure:
        fig = race_figure(self._height, "rank of the truth", "relative to flat", tools="save")
        fig.update(min_border_left=44, min_border_right=8)
        fig.title = Title(text=short(label))
        source = self._sources[label] = ColumnDataSource(data={name: [] for name in _BARS})
        look = Quad(left="left", right="right", bottom=0, top="cut", fill_color=colour, fill_alpha=0.75, line_color=None)
        bars = fig.add_glyph(source, look)
        chance = Quad(left="left", right="right", bottom="low", top="high", fill_color=NEUTRAL, fill_alpha=0.4, line_color=None)
        fig.add_glyph(source, chance)
        fig.add_glyph(HSpan(y=1.0, line_color=NEUTRAL, line_width=1.8, line_dash="dashed"))
        words = Text(
            x="at", y="cut", text="text", text_align="center", text_baseline="top", text_color="white", text_font_size="11px",
            text_font_style="bold", y_offset=2,
        )  # fmt: skip
        fig.add_glyph(source, words)
        rows = [("rank", "@left{0} to @right{0}"), ("relative to flat", "@top{0.00}"), ("95 %", "@low{0.00} to @high{0.00}")]
        fig.add_tools(HoverTool(renderers=[bars], tooltips=rows))
        return fig


def _box(fig: figure) -> pn.Column:
    return pn.Column(pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0), margin=0, styles=FITS)

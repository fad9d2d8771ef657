"""Scores of several models over lead time, with intervals."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, HSpan, Line, Scatter, VArea
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from dashboard.plots.axes import dashes, set_limits
from dashboard.plots.marked import marked
from dashboard.plots.race.frame import (
    Notice,
    calm,
    finite,
    legend,
    method_colour,
    method_marker,
    race_figure,
    short,
    value_hover,
)
from dashboard.theme import NEUTRAL, REJECTED, TRUTH

#: Up to so many leads all points are marked, of more only some: of a single one there is no line.
FEW = 40


@dataclass(frozen=True, eq=False)
class LeadCurve:
    """A model's score, (K + 1,) each; NaN where it is not defined.

    Attributes
    ----------
    value
        The score.
    low, high
        Ends of its interval; drawn as a band.
    dashed
        A second number, such as the spread beside the error.
    ended
        Why the model ended; the last value is then marked.
    """

    value: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    dashed: np.ndarray | None = None
    ended: str = ""


class LeadCurves:
    """A line with a band for each model against lead time.

    Parameters
    ----------
    name
        Of the score, the label of its axis.
    dashed
        What dashed lines are.
    reference
        A value that a grey line marks, such as 0.6 for anomaly correlations.
    height
        Pixels.
    within
        Ends that the vertical axis never goes beyond, such as −100 for a relative skill.
    with_truth
        Whether the truth has such a number, too.
    """

    def __init__(
        self,
        name: str,
        dashed: str = "",
        reference: float | None = None,
        height: int = 270,
        within: tuple[float, float] = (-np.inf, np.inf),
        with_truth: bool = False,
    ) -> None:
        self._name, self._dashed, self._reference, self._height, self._within = name, dashed, reference, height, within
        self._with_truth = with_truth
        self._key: Hashable = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self._build((), "lead time", name)

    def show(
        self, leads: np.ndarray, curves: Mapping[str, LeadCurve], x_label: str, units: str = "", truth: np.ndarray | None = None
    ) -> None:
        """Replace all that is shown.

        Parameters
        ----------
        leads
            (K + 1,).
        curves
            By the label of the model, in the order of the colours.
        x_label, units
            Label of the horizontal axis; unit of the score.
        truth
            What the number truly is, (K + 1,).
        """
        name = f"{self._name} [{units}]" if units else self._name
        key = (tuple(curves), x_label, name)
        if key != self._key:
            self._build(*key)
        shown, ends = [], []
        for place, curve in enumerate(curves.values()):
            parts = {"value": curve.value, "low": curve.low, "high": curve.high, "dashed": curve.dashed}
            columns = {part: _drawable(values, len(leads)) for part, values in parts.items()}
            rows = slice(None) if len(leads) <= FEW else marked(np.arange(len(leads)), place, len(curves))
            dots = np.full_like(columns["value"], np.nan)
            dots[rows] = columns["value"][rows]
            self._sources[place].data = {"lead": leads, **columns, "dots": dots}
            shown += [columns["value"], columns["dashed"], columns["low"], columns["high"]]
            reached = np.flatnonzero(np.isfinite(columns["value"]))
            if curve.ended and reached.size:
                ends.append((float(leads[reached[-1]]), float(columns["value"][reached[-1]]), curve.ended))
        self._ends.data = {name: [end[k] for end in ends] for k, name in enumerate(("lead", "value", "why"))}
        self._truth.data = {"lead": leads if truth is not None else [], "value": [] if truth is None else finite(truth)}
        if truth is not None:
            shown.append(finite(truth))
        known = np.concatenate([values[np.isfinite(values)] for values in shown]) if shown else np.empty(0)
        self._notice.show(not known.size)
        if len(leads) > 1:
            set_limits(self.figure.x_range, float(leads[0]), float(leads[-1]))
        if known.size:
            reach = [float(known.min()), float(known.max()), *([] if self._reference is None else [self._reference])]
            low, high = max(min(reach), self._within[0]), min(max(reach), self._within[1])
            set_limits(self.figure.y_range, *calm(None, low, high))

    def clear(self) -> None:
        """Take everything away."""
        self._build((), "lead time", self._name)

    def _build(self, labels: tuple[str, ...], x_label: str, name: str) -> None:
        self._key = (labels, x_label, name)
        fig = race_figure(self._height, x_label, name, tools="pan,wheel_zoom,reset,save")
        if self._reference is not None:
            mark = ColumnDataSource(data={"y": [self._reference]})
            fig.add_glyph(mark, HSpan(y="y", line_color=NEUTRAL, line_dash="dashed", line_width=1.5))
        empty: dict[str, list] = {key: [] for key in ("lead", "value", "low", "high", "dashed", "dots")}
        self._sources = [ColumnDataSource(data=empty) for _ in labels]
        self._truth = ColumnDataSource(data={"lead": [], "value": []})
        drawn: dict[str, list[GlyphRenderer]] = {}
        look = Line(x="lead", y="value", line_color=TRUTH, line_width=3, line_dash=dashes("truth", 3))
        true = fig.add_glyph(self._truth, look)
        for place, label in enumerate(labels):
            source, colour = self._sources[place], method_colour(place)
            band = VArea(x="lead", y1="low", y2="high", fill_color=colour, fill_alpha=0.2)
            line = Line(x="lead", y="value", line_color=colour, line_width=2)
            dots = fig.add_glyph(
                source, Scatter(x="lead", y="dots", size=7, marker=method_marker(place), fill_color=colour, line_color=None)
            )
            second = Line(x="lead", y="dashed", line_color=colour, line_width=1.5, line_dash=[5, 3])
            glyphs: list[GlyphRenderer] = [fig.add_glyph(source, band), fig.add_glyph(source, line), dots]
            if self._dashed:
                glyphs.append(fig.add_glyph(source, second))
            drawn[label] = glyphs
            rows = [(short(label), "@value{custom}"), ("90 %", "@low{custom} to @high{custom}"), (x_label, "@lead{0.[000]}")]
            if self._dashed:
                rows.insert(2, (self._dashed, "@dashed{custom}"))
            hover = HoverTool(renderers=[glyphs[1]], tooltips=rows)
            hover.formatters = {f"@{part}": value_hover() for part in ("value", "low", "high", "dashed")}
            fig.add_tools(hover)
        self._ends = ColumnDataSource(data={"lead": [], "value": [], "why": []})
        cross = Scatter(x="lead", y="value", marker="x", size=13, line_color=REJECTED, line_width=2.5)
        fig.add_tools(HoverTool(renderers=[fig.add_glyph(self._ends, cross)], tooltips=[("ended", "@why")]))
        legend(fig, [*([("truth", [true])] if self._with_truth else []), *drawn.items()])
        self._notice: Notice = Notice(fig)
        self.figure: figure = fig
        self.pane.object = fig


def _drawable(values: np.ndarray | None, size: int) -> np.ndarray:
    return np.full(size, np.float32(np.nan)) if values is None else finite(values)

"""A report's profile against height, or its station's series through time."""

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, DatetimeAxis, DatetimeTicker, HoverTool, Range1d
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from backends.observations.card import Card
from backends.observations.schema import LEVEL_KINDS
from dashboard.plots.axes import plain_figure
from dashboard.plots.numbers import reading
from dashboard.theme import ANALYSIS, BACKGROUND, OBSERVATIONS

HEIGHT = 280


class ReportPlot:
    """Built anew for each card, as its axes differ."""

    def __init__(self) -> None:
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0, height=HEIGHT, visible=False)

    def show(self, card: Card | None, name: str, units: str, level: tuple[str, str], factor: float) -> None:
        """Draw the lines of a card; nothing where there is but one value.

        `level` is what the levels are and their unit as it is printed, `factor` leads from the table's unit to that.
        """
        if card is None or len(card.lines) < 2:
            self.pane.param.update(object=None, visible=False)
            return
        t = card.lines
        label, level_label = (f"{what} [{unit}]" if unit else what for what, unit in ((name, units), level))
        profile = card.against == "level"
        where = factor * t.level.astype(float) if profile else t.time.astype("datetime64[ms]").astype(float)
        downward = profile and LEVEL_KINDS[int(t.level_kind[0])] == "pressure"
        fig = _figure(profile, downward, label, level_label, where, [t.value, t.background, t.analysis])
        for what, values, color in (
            ("H(x_b)", t.background, BACKGROUND), ("H(x_a)", t.analysis, ANALYSIS), ("observed", t.value, OBSERVATIONS),
        ):  # fmt: skip
            if np.isfinite(values).any():
                x, y = (values.astype(float), where) if profile else (where, values.astype(float))
                source = ColumnDataSource(data={"x": x, "y": y})
                fig.line("x", "y", source=source, color=color, line_width=2)
                dots = fig.scatter("x", "y", source=source, color=color, size=5)
                fig.add_tools(_pointer(dots, what, units, level if profile else None))
        self.pane.param.update(object=fig, visible=True)


def _pointer(dots: GlyphRenderer, what: str, units: str, level: tuple[str, str] | None) -> HoverTool:
    """Return what reads a value and where it is: its level, or without one its time."""
    if level is None:
        rows = [(what, "@y{custom}"), ("at", "@x{%F %H:%M}")]
        return HoverTool(renderers=[dots], tooltips=rows, formatters={"@y": reading(units, digits=4), "@x": "datetime"})
    rows = [(what, "@x{custom}"), (level[0], "@y{custom}")]
    return HoverTool(
        renderers=[dots], tooltips=rows, formatters={"@x": reading(units, digits=4), "@y": reading(level[1], digits=4)}
    )


def _figure(profile: bool, downward: bool, label: str, level_label: str, where: np.ndarray, values: list[np.ndarray]) -> figure:
    fig = plain_figure(HEIGHT, label if profile else "", level_label if profile else label, log_y=downward)
    finite = np.concatenate([v[np.isfinite(v)] for v in values]).astype(float)
    ends, along = _padded(finite), _padded(where, downward)
    if profile:
        fig.x_range = _range(ends)
        fig.y_range = _range((along[1], along[0])) if downward else _range(along)
    else:
        fig.x_range, fig.y_range = _range(along), _range(ends)
        fig.below = [DatetimeAxis(ticker=DatetimeTicker(desired_num_ticks=4))]
    return fig


def _range(ends: tuple[float, float]) -> Range1d:
    return Range1d(start=ends[0], end=ends[1])


def _padded(values: np.ndarray, logarithmic: bool = False) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if logarithmic:
        return low / 1.1, high * 1.05
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin

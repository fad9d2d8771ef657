"""Pictures of unseen cases: curves and points over a common axis, or maps side by side."""

from collections.abc import Sequence
from html import escape

import numpy as np
import panel as pn
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    HoverTool,
    Image,
    Line,
    LinearColorMapper,
    Range1d,
    Scatter,
)
from bokeh.models.annotations.legends import ColorBar
from bokeh.plotting import figure

from backends.learning.gallery import Map, Panel, Role, Series
from backends.pictures.gallery import ROLE_COLOURS, about_zero, map_limits
from dashboard.plots.axes import dashes, log_limits, plain_figure, positive, set_limits
from dashboard.plots.numbers import linear_numbers
from dashboard.plots.race.frame import calm, value_hover
from dashboard.plots.training.frame import head, log_ticks
from dashboard.theme import DIVERGING, FieldStyle

HEIGHT, MAP_HEIGHT = 270, 250
#: Pixels that titles and legends of pictures of curves have.
WIDE = 320


def shape_of(panel: Panel) -> tuple[object, ...]:
    """Return what must be the same of two pictures so that one can take the place of the other without a new figure."""
    lines = tuple((series.label, series.role) for series in panel.series)
    maps = tuple((map_.label, map_.extent, map_.shared) for map_ in panel.maps)
    return panel.title, panel.x_label, panel.y_label, panel.log, lines, maps


class CurvePicture:
    """A picture of curves and points, without a legend: see :func:`key_of`."""

    def __init__(self, panel: Panel) -> None:
        self._limits: tuple[float, float] | None = None
        fig = plain_figure(
            HEIGHT, panel.x_label, panel.y_label, log_x="x" in panel.log, log_y="y" in panel.log,
            tools="xpan,xwheel_zoom,reset,save",
        )  # fmt: skip
        fig.toolbar.autohide = True
        fig.min_border_left = 60
        for axis, letter in ((fig.xaxis, "x"), (fig.yaxis, "y")):
            if letter in panel.log:
                axis.ticker = log_ticks()
        self._sources = [ColumnDataSource(data={"x": [], "y": []}) for _ in panel.series]
        for series, source in zip(panel.series, self._sources, strict=True):
            glyph = fig.add_glyph(source, _glyph(series.role))
            glyph.name = series.label
            hover = HoverTool(renderers=[glyph], tooltips=[("", "$name"), ("", "@y{custom}")], visible=False)
            hover.formatters = {"@y": value_hover()}
            fig.add_tools(hover)
        head(fig, panel.title, WIDE)
        self.figure = fig
        self.panes = (pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0),)
        self.show(panel)

    def show(self, panel: Panel) -> None:
        """Replace what is shown by a picture of the same shape."""
        log_x, log_y = "x" in panel.log, "y" in panel.log
        for series, source in zip(panel.series, self._sources, strict=True):
            x, y = _numbers(series, log_x, log_y)
            source.data = {"x": x, "y": y}
        drawn = [_numbers(series, log_x, log_y) for series in panel.series]
        xs, ys = (np.concatenate([part[k] for part in drawn] or [np.empty(0)]) for k in (0, 1))
        xs, ys = xs[np.isfinite(xs)], ys[np.isfinite(ys)]
        if not xs.size or not ys.size:
            return
        if log_x:
            set_limits(self.figure.x_range, xs.min() / 1.1, xs.max() * 1.1)
        else:
            margin = 0.02 * (xs.max() - xs.min()) or 0.5
            set_limits(self.figure.x_range, xs.min() - margin, xs.max() + margin)
        if log_y:
            # What is far below everything else, as a difference of two that agree, must not flatten the rest.
            low, high = log_limits(ys)
            self._limits = max(low, 1e-8 * high), high
        else:
            self._limits = calm(self._limits, float(ys.min()), float(ys.max()))
        set_limits(self.figure.y_range, *self._limits)


class MapPicture:
    """A picture of maps side by side, with the points of all its series on each."""

    def __init__(self, panel: Panel) -> None:
        self._images = [ColumnDataSource(data={"image": [], "x": [], "y": [], "dw": [], "dh": []}) for _ in panel.maps]
        self._points = [ColumnDataSource(data={"x": [], "y": []}) for _ in panel.series]
        self._mappers = {
            shared: LinearColorMapper(palette=DIVERGING if about_zero(shared) else FieldStyle().palette, low=0, high=1)
            for shared in dict.fromkeys(map_.shared for map_ in panel.maps)
        }
        self._limits: dict[str, tuple[float, float]] = {}
        self._figures = [self._map(panel, map_, source) for map_, source in zip(panel.maps, self._images, strict=True)]
        west, south, east, north = panel.maps[0].extent
        across, up = Range1d(), Range1d()  # one pair for all: maps of a case pan and zoom together
        set_limits(across, west, east)
        set_limits(up, south, north)
        for fig in self._figures:
            fig.x_range, fig.y_range = across, up
        self.panes = tuple(pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0) for fig in self._figures)
        self.show(panel)

    def show(self, panel: Panel) -> None:
        """Replace what is shown by a picture of the same shape."""
        for shared, mapper in self._mappers.items():
            low, high = map_limits([map_ for map_ in panel.maps if map_.shared == shared], about_zero(shared))
            old = self._limits.get(shared)
            low, high = calm(old, low, high, 0.6) if not about_zero(shared) else (low, high)
            self._limits[shared] = (low, high)
            if (mapper.low, mapper.high) != (low, high):
                mapper.update(low=low, high=high)
        for map_, source in zip(panel.maps, self._images, strict=True):
            west, south, east, north = map_.extent
            image = np.array(map_.values, dtype=np.float32)
            source.data = {"image": [image], "x": [west], "y": [south], "dw": [east - west], "dh": [north - south]}
        for series, points in zip(panel.series, self._points, strict=True):
            points.data = {"x": np.array(series.x), "y": np.array(series.y)}

    def _map(self, panel: Panel, map_: Map, source: ColumnDataSource) -> figure:
        fig = plain_figure(MAP_HEIGHT, panel.x_label, panel.y_label, tools="pan,wheel_zoom,reset,save")
        fig.min_border_left, fig.toolbar.autohide = 52, True
        head(fig, map_.label)
        mapper = self._mappers[map_.shared]
        image = fig.add_glyph(source, Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper))
        hover = HoverTool(renderers=[image], tooltips=[("", "@image{custom}")], visible=False)
        hover.formatters = {"@image": value_hover()}
        fig.add_tools(hover)
        bar = ColorBar(color_mapper=mapper, width=9, ticker=BasicTicker(desired_num_ticks=4), padding=4)
        bar.update(background_fill_alpha=0, formatter=linear_numbers())
        fig.add_layout(bar, "right")
        for series, points in zip(panel.series, self._points, strict=True):
            colour = ROLE_COLOURS[series.role]
            fig.add_glyph(points, Scatter(x="x", y="y", size=5, fill_color=colour, line_color="white", line_width=0.6))
        return fig


def picture(panel: Panel) -> CurvePicture | MapPicture:
    """Return the figures of a picture."""
    return MapPicture(panel) if panel.maps else CurvePicture(panel)


def key_of(series: Sequence[Series]) -> str:
    """Return a legend for one or many pictures, as markup."""
    marks = (
        f'<span><svg class="piece" width="34" height="10" aria-hidden="true">{_piece(one.role)}</svg>{escape(one.label)}</span>'
        for one in series
    )
    return f'<div class="facts key">{"".join(marks)}</div>'


def _piece(role: Role) -> str:
    """Return what is drawn of a role in a legend, as SVG."""
    colour = ROLE_COLOURS[role]
    if role == "observations":
        return f'<circle cx="17" cy="5" r="4" fill="{colour}"/>'
    drawn = " ".join(map(str, dashes(role, 3)))
    return f'<line x1="0" y1="5" x2="34" y2="5" stroke="{colour}" stroke-width="3" stroke-dasharray="{drawn}"/>'


def _glyph(role: Role) -> Line | Scatter:
    colour = ROLE_COLOURS[role]
    if role == "observations":
        return Scatter(x="x", y="y", size=7, fill_color=colour, line_color=None, fill_alpha=0.85)
    width = 2.2 if role in ("network", "exact") else 1.8
    return Line(x="x", y="y", line_color=colour, line_width=width, line_dash=dashes(role, width))


def _numbers(series: Series, log_x: bool, log_y: bool) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(series.x, dtype=float), np.array(series.y, dtype=float)
    return positive(x) if log_x else x, positive(y) if log_y else y

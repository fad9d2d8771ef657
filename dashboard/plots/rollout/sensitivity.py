"""The error of a forecast and its gradient with respect to the start, one beside or above the other, with the box between."""

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal

import numpy as np
import panel as pn
from bokeh.events import Event, SelectionGeometry
from bokeh.models import (
    BasicTicker,
    BoxSelectTool,
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    HSpan,
    Image,
    Line,
    LinearColorMapper,
    Quad,
    Range1d,
    Scatter,
    Text,
    VBar,
    VStrip,
)
from bokeh.models.annotations.labels import Title
from bokeh.models.annotations.legends import ColorBar
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from backends.experiments.cycling.layout import Layout
from dashboard.plots.axes import set_limits
from dashboard.plots.maps import write_degrees
from dashboard.plots.numbers import linear_numbers
from dashboard.plots.race.frame import MOST_CELLS, calm, finite, grid, race_figure, value_hover
from dashboard.theme import ANALYSIS, DIVERGING, NEUTRAL, REJECTED

#: Least and greatest along each axis, across first.
Bounds = Sequence[tuple[float, float]]
#: Pixels that the axes take beside a map, and title, axes and colours above and below it; of a map's width at most.
BESIDE, ABOUT, WIDEST, LEAST = 66, 118, 560, 330
_TOOLS = "wheel_zoom,reset,save"


class SensitivityMaps:
    """Two maps; a drag across either chooses another box.

    Parameters
    ----------
    on_box
        Called with the bounds of the box that was dragged.
    """

    def __init__(self, on_box: Callable[[Bounds], None]) -> None:
        self._on_box = on_box
        self._key: Hashable = None
        self.pane = pn.Column(sizing_mode="stretch_width", margin=0, styles={"max-height": "none"})

    def show(
        self, layout: Layout, error: np.ndarray, gradient: np.ndarray, titles: tuple[str, str], coastlines: np.ndarray | None
    ) -> None:
        """Replace both fields, (size,) each; titles name them with their units. Coastlines are (k, 2), with rows of NaN."""
        key = (layout, titles)
        if key != self._key:
            self._key = key
            self._build(layout, titles, coastlines)
        for source, mapper, values in zip(self._images, self._mappers, (error, gradient), strict=True):
            rows, across = (-(-size // MOST_CELLS) for size in layout.shape)
            source.data = {**source.data, "image": [finite(values.reshape(layout.shape)[::rows, ::across])]}
            most = float(np.abs(values).max()) or 1.0
            mapper.update(low=-most, high=most)

    def mark(self, bounds: Bounds, places: Sequence[tuple[float, float]]) -> None:
        """Show the box on the map of the error, and numbers at places of the gradient."""
        (west, east), (south, north) = bounds
        self._box.data = {"left": [west], "right": [east], "bottom": [south], "top": [north]}
        self._marks.data = _numbered([x for x, _ in places], [y for _, y in places])

    def _build(self, layout: Layout, titles: tuple[str, str], coastlines: np.ndarray | None) -> None:
        west, east, south, north = layout.edges
        ranges = Range1d(), Range1d()
        set_limits(ranges[0], west, east)
        set_limits(ranges[1], south, north)
        aspect = (east - west) / (north - south) if layout.true_to_scale else 2.0
        if coastlines is not None:  # as it is in the middle of the map
            aspect = (east - west) / (north - south) * math.cos(math.radians((north + south) / 2))
        self._box = ColumnDataSource(data=_NO_BOX)
        self._marks = ColumnDataSource(data=_numbered([], []))
        self._mappers = [LinearColorMapper(palette=list(DIVERGING), low=-1, high=1) for _ in titles]
        where = {"x": [west], "y": [south], "dw": [east - west], "dh": [north - south]}
        self._images = [ColumnDataSource(data={"image": [np.zeros((1, 1), np.float32)], **where}) for _ in titles]
        self.figures: list[figure] = []
        for title, mapper, source in zip(titles, self._mappers, self._images, strict=True):
            fig = race_figure(300, layout.axes[0], layout.axes[1], tools=_TOOLS)
            fig.update(
                x_range=ranges[0], y_range=ranges[1], height=None, sizing_mode="scale_width",
                aspect_ratio=(WIDEST + BESIDE) / (WIDEST / aspect + ABOUT), max_width=WIDEST + BESIDE, min_border_left=54,
                min_border_right=12,
            )  # fmt: skip
            fig.title = Title(text=title, text_font_size="13px")
            fig.grid.visible = False
            fig.axis.ticker = BasicTicker(desired_num_ticks=5)
            image = fig.add_glyph(source, Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper))
            if coastlines is not None:
                shore = ColumnDataSource(data={"x": coastlines[:, 0], "y": coastlines[:, 1]})
                fig.add_glyph(shore, Line(x="x", y="y", line_color="black", line_width=1, line_alpha=0.7))
                write_degrees(fig)
            for color, width in (("white", 4), ("black", 2)):
                look = Quad(
                    left="left", right="right", bottom="bottom", top="top", fill_color=None, line_color=color, line_width=width
                )
                fig.add_glyph(self._box, look)
            where_to = [(axis, f"${k}{{0.[00]}}") for k, axis in zip("xy", layout.axes, strict=True)]
            _hover(fig, image, [("value", "@image{custom}"), *where_to], "@image")
            fig.add_layout(
                ColorBar(color_mapper=mapper, orientation="horizontal", height=9, padding=3, formatter=linear_numbers()),
                "below",
            )
            _selectable(fig, "both", self._selected)
            self.figures.append(fig)
        for color, size in (("white", 18), ("black", 15)):
            disc = Scatter(x="x", y="y", size=size, fill_color=color, line_color=None)
            self.figures[1].add_glyph(self._marks, disc)
        self.figures[1].add_glyph(self._marks, _number_glyph("white"))
        panes = [pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0) for fig in self.figures]
        self.pane.objects = [grid(*panes, least=LEAST, columns_at_most=2)]

    def _selected(self, event: Event) -> None:
        if (dragged := _dragged(event)) is not None:
            self._on_box(dragged)


class SensitivityLines:
    """Two figures with one axis: points of a line, on which a drag chooses another interval, or a few components as bars.

    Parameters
    ----------
    on_box
        Called with the bounds of the interval that was dragged.
    height
        Pixels of each.
    """

    def __init__(self, on_box: Callable[[Bounds], None], height: int = 250) -> None:
        self._on_box, self._height = on_box, height
        self._key: Hashable = None
        self.pane = pn.Column(sizing_mode="stretch_width", margin=0, styles={"max-height": "none"})

    def show(self, layout: Layout, error: np.ndarray, gradient: np.ndarray, titles: tuple[str, str]) -> None:
        """Replace both, (n,) each; titles name them with their units."""
        key = (layout, titles)
        if key != self._key:
            self._key = key
            self._build(layout, titles)
        self._source.data = {"x": self._places, "error": finite(error), "gradient": finite(gradient)}
        for fig, values in zip(self.figures, (error, gradient), strict=True):
            most = float(np.abs(values).max()) or 1.0
            set_limits(fig.y_range, *calm(None, -most, most))

    def mark(self, bounds: Bounds, places: Sequence[int]) -> None:
        """Show the interval, or nothing of a few components, and numbers at points of the gradient."""
        self._interval.data = {"x0": [low - 0.5 for low, _ in bounds], "x1": [high + 0.5 for _, high in bounds]}
        gradient = self._source.data["gradient"]
        self._marks.data = _numbered([self._places[k] for k in places], [float(gradient[k]) for k in places])

    def _build(self, layout: Layout, titles: tuple[str, str]) -> None:
        phase = layout.kind == "phase"
        self._places = list(range(layout.size))
        self._source = ColumnDataSource(data={"x": [], "error": [], "gradient": []})
        self._interval = ColumnDataSource(data={"x0": [], "x1": []})
        self._marks = ColumnDataSource(data=_numbered([], []))
        zero = ColumnDataSource(data={"y": [0]})
        self.figures: list[figure] = []
        x_range = Range1d()
        set_limits(x_range, -0.5, layout.size - 0.5)
        x_label = "component" if phase else layout.axes[0]
        for column, title, colour in (("error", titles[0], REJECTED), ("gradient", titles[1], ANALYSIS)):
            fig = race_figure(self._height, x_label, "", tools="save" if phase else _TOOLS)
            fig.x_range = x_range
            fig.title = Title(text=title, text_font_size="13px")
            fig.add_glyph(zero, HSpan(y="y", line_color=NEUTRAL, line_width=1))
            if phase:
                fig.xaxis.ticker = FixedTicker(ticks=self._places)
                fig.xaxis.major_label_overrides = dict(enumerate(layout.names))
                fig.xgrid.visible = False
                drawn: GlyphRenderer = fig.add_glyph(
                    self._source, VBar(x="x", top=column, width=0.5, fill_color=colour, line_color=None)
                )
            else:
                fig.add_glyph(self._interval, VStrip(x0="x0", x1="x1", fill_color=NEUTRAL, fill_alpha=0.2, line_color=None))
                drawn = fig.add_glyph(self._source, Line(x="x", y=column, line_color=colour, line_width=2))
                _selectable(fig, "width", self._selected)
            _hover(fig, drawn, [(x_label, "@x"), ("value", f"@{column}{{custom}}")], f"@{column}")
            self.figures.append(fig)
        if not phase:
            self.figures[1].add_glyph(self._marks, Scatter(x="x", y="y", size=16, fill_color=ANALYSIS, line_color="white"))
            self.figures[1].add_glyph(self._marks, _number_glyph("white"))
        panes = [pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0) for fig in self.figures]
        self.pane.objects = [grid(*panes, least=330) if phase else pn.Column(*panes, sizing_mode="stretch_width", margin=0)]

    def _selected(self, event: Event) -> None:
        if (dragged := _dragged(event)) is not None:
            self._on_box(dragged[:1])


_NO_BOX: dict[str, list] = {"left": [], "right": [], "bottom": [], "top": []}


def _selectable(fig: figure, dimensions: Literal["width", "both"], heard: Callable[[Event], None]) -> None:
    """Let a drag across a figure choose a part of it."""
    tool = BoxSelectTool(dimensions=dimensions, renderers=[], description="Drag to choose the box whose error counts")
    fig.add_tools(tool)
    fig.toolbar.active_drag = tool
    fig.on_event(SelectionGeometry, heard)


def _hover(fig: figure, drawn: GlyphRenderer, rows: list[tuple[str, str]], value: str) -> None:
    hover = HoverTool(renderers=[drawn], tooltips=rows)
    hover.formatters = {value: value_hover()}
    fig.add_tools(hover)


def _numbered(x: Sequence, y: Sequence[float]) -> dict[str, list]:
    return {"x": list(x), "y": list(y), "number": [str(k + 1) for k in range(len(x))]}


def _number_glyph(color: str) -> Text:
    return Text(
        x="x", y="y", text="number", text_color=color, text_align="center", text_baseline="middle", text_font_size="11px",
        text_font_style="bold",
    )  # fmt: skip


def _dragged(event: Event) -> Bounds | None:
    """Return the rectangle that a drag has chosen when it ends, across first."""
    assert isinstance(event, SelectionGeometry)
    where: Any = event.geometry
    if not event.final or where["type"] != "rect":
        return None
    return [(float(min(ends)), float(max(ends))) for ends in ((where["x0"], where["x1"]), (where["y0"], where["y1"]))]

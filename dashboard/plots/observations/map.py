"""The map of observations: points, or pixels that count them, over coastlines and over a field."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import panel as pn
from bokeh.core.property.vectorization import Field
from bokeh.events import RangesUpdate, SelectionGeometry, Tap
from bokeh.models import (
    BasicTicker,
    BoxSelectTool,
    ColorMapper,
    ColumnDataSource,
    CustomJSTickFormatter,
    FixedTicker,
    HoverTool,
    Image,
    LinearColorMapper,
    LogColorMapper,
    Range1d,
)
from bokeh.models.annotations.geometry import BoxAnnotation
from bokeh.models.annotations.legends import ColorBar
from bokeh.models.renderers import DataRenderer, GlyphRenderer
from bokeh.palettes import Viridis256
from bokeh.plotting import figure

from backends.fields.raster import Raster, Window
from backends.fields.views import View
from backends.geometry.projections import Projection
from backends.geometry.projections.lines import project_lines
from backends.observations.picture import Picture
from backends.observations.projected import outline_of
from backends.observations.schema import QUALITIES
from backends.pictures.coastlines import coastlines
from backends.pictures.style import QUALITY_COLOURS
from dashboard.plots.axes import set_limits
from dashboard.plots.ground import MapGround
from dashboard.plots.maps import Frame, aspect, degrees_east, degrees_north, tell_soon
from dashboard.plots.numbers import linear_numbers, logarithmic_numbers, reading
from dashboard.plots.observations.boxes import drawn_box
from dashboard.plots.part import PartOfMap, window_of
from dashboard.theme import ANALYSIS, DIVERGING, NEUTRAL, FieldStyle

#: Pixels that axes, colour bar and tools take.
FRAME_WIDTH, FRAME_HEIGHT = 116, 62
#: Pixels above and below a projected map, which has no axes.
ABOVE, BELOW = 30, 2
#: By class of quality, in the order of `QUALITIES`, with the sign that stands for it at the colour bar.
QUALITY_MARKERS = {"square": "■", "circle": "●", "triangle": "▲", "diamond": "◆"}
POINT_SIZE, FEW, MANY = 8, 200, 1500
#: Opacity of a field under observations, and where their colours have another scale.
UNDER, FAINT = 0.75, 0.3
CLEAR = "rgba(0, 0, 0, 0)"


class ObservationMap(PartOfMap):
    """A figure that is built for an area and then changed in place.

    Parameters
    ----------
    width, height
        The box, pixels, that the map fills as far as the shape of its area allows.
    on_tap
        Called with latitude and longitude of a click.
    on_window
        Called with what is looked at after a person has zoomed or panned.
    on_box
        Called with the area of a box that was drawn, in x and y of the map.
    on_turn
        As of :class:`MapGround`.
    """

    def __init__(
        self, width: int, height: int, on_tap: Callable[[float, float], None], on_window: Callable[[Window], None],
        on_box: Callable[[Window], None], on_turn: Callable[[float, float, bool], None] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(on_window)
        self._box, self._on_tap, self._on_box = (width, height), on_tap, on_box
        self._on_turn = on_turn
        self._ground: MapGround | None = None
        self._projection: Projection | None = None
        #: Pixels of the map itself on the screen.
        self.size = (width - FRAME_WIDTH, height - FRAME_HEIGHT)
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def open(self, area: Window, projection: Projection | None = None) -> None:
        """Build the map of an area: degrees, or x and y of a projection."""
        fig = self._build(area, projection)
        self._fit(fig, area, projection)
        set_limits(fig.x_range, area.west, area.east)  # where the reset tool goes, whatever part is looked at first
        set_limits(fig.y_range, area.south, area.north)
        self._whole = window_of(fig)
        self.figure = self.pane.object = fig

    def turn(self, projection: Projection | None, area: Window) -> None:
        """Lay coastlines and graticule as the projection has them; a box and a ring are put in their places anew."""
        self._projection = projection
        if self._ground is not None and projection is not None:
            self._ground.show(View(projection, area, *self.size))

    def show(self, picture: Picture, style: FieldStyle, limits: tuple[float, float], columns: Mapping[str, Sequence]) -> None:
        """Replace what is shown.

        Parameters
        ----------
        picture
            Points or pixels.
        style, limits
            Of the colours; classes of quality and numbers have their own.
        columns
            Texts of the points for the pointer, by ``what``, ``report``, ``when``, ``level``.
        """
        kind = picture.colour if picture.colour in ("quality", "number") else "value"
        if kind == "value":
            palette = style.palette if picture.colour == "value" else DIVERGING
            self._mappers[kind].update(palette=list(palette), low=limits[0], high=limits[1])
        elif kind == "number" and picture.raster is not None:
            self._mappers[kind].update(low=1, high=max(2.0, float(np.nanmax(picture.raster.values))))
        for name, image in self._images.items():
            image.visible = picture.raster is not None and name == kind
            self._bars[name].visible = name == kind
            if image.visible:
                assert picture.raster is not None
                self._rasters[name].data = image_of(picture.raster)
        for name, dots in self._dots.items():
            dots.visible = picture.raster is None and name == kind
        if picture.raster is None:
            size = POINT_SIZE if len(picture.rows) <= FEW else POINT_SIZE - 2 if len(picture.rows) <= MANY else POINT_SIZE - 3
            self._points.data = {
                "x": picture.x, "y": picture.y, "value": picture.values.astype(float), "size": np.full(len(picture.x), size),
                "marker": _markers(picture.values) if kind == "quality" else ["circle"] * len(picture.x),
                **columns,
            }  # fmt: skip
        self._look_at_first()

    def underlay(
        self, raster: Raster | None, style: FieldStyle | None = None, limits: tuple[float, float] = (0, 1), faint: bool = False
    ) -> None:
        """Put a field under the observations, faint where their colours are not those of the field, or take it away."""
        self._field.visible = raster is not None
        if raster is not None and style is not None:
            self._field_mapper.update(palette=list(style.palette), low=limits[0], high=limits[1])
            self._field.glyph.update(global_alpha=FAINT if faint else UNDER)
            self._field_raster.data = image_of(raster)

    def choose(self, box: tuple[float, float, float, float] | None) -> None:
        """Draw the box that was chosen: west, east, south, north."""
        self._edge.data = {"x": [], "y": []}
        if box is None:
            self._chosen.visible = False
        elif self._projection is not None:
            self._chosen.visible = False
            edge = project_lines(self._projection, outline_of(box)).numpy()
            self._edge.data = {"x": edge[:, 0], "y": edge[:, 1]}
        else:
            west, east, south, north = box
            self._chosen.update(left=west, right=east, bottom=south, top=north, visible=True)

    def point_at(self, x: float | None, y: float | None = None) -> None:
        """Put a ring round a place (longitude, latitude), or take it away."""
        there = x is not None and y is not None
        if there and self._ground is not None and x is not None and y is not None:
            x, y = (float(v[0]) for v in self._ground.points([x], [y]))
        self._picked.data = {"x": [x], "y": [y]} if there else {"x": [], "y": []}

    def _build(self, area: Window, projection: Projection | None) -> figure:
        fig = figure(
            x_range=Range1d(start=area.west, end=area.east), y_range=Range1d(start=area.south, end=area.north),
            tools="pan,wheel_zoom,box_zoom,reset,save", active_scroll="wheel_zoom", active_drag="pan", toolbar_location="above",
        )  # fmt: skip
        fig.toolbar.logo = None
        if projection is None:
            fig.xaxis.update(formatter=degrees_east(), ticker=BasicTicker(desired_num_ticks=4))
            fig.yaxis.update(formatter=degrees_north())
        else:
            fig.axis.visible = fig.grid.visible = False
            fig.outline_line_color = None
        self._field_raster = ColumnDataSource(data=_NO_IMAGE)
        self._field_mapper = LinearColorMapper(palette=Viridis256, nan_color=CLEAR)
        self._field = _image(fig, self._field_raster, self._field_mapper, UNDER)
        self._mappers: dict[str, LinearColorMapper | LogColorMapper] = {
            "value": LinearColorMapper(palette=Viridis256, nan_color=CLEAR),
            "quality": LinearColorMapper(palette=QUALITY_COLOURS, low=-0.5, high=3.5, nan_color=CLEAR),
            "number": LogColorMapper(palette=Viridis256, low=1, high=10, low_color=CLEAR, nan_color=CLEAR),
        }
        self._rasters = {name: ColumnDataSource(data=_NO_IMAGE) for name in self._mappers}
        self._images = {name: _image(fig, self._rasters[name], mapper) for name, mapper in self._mappers.items()}
        self._ground = None if projection is None else MapGround(fig, self._on_turn, bare=True)
        if projection is None:
            coast = coastlines(area.west, area.east, area.south, area.north)
            fig.line(coast[:, 0], coast[:, 1], color=NEUTRAL, line_width=1.1)
        self._points = ColumnDataSource(data={name: [] for name in _COLUMNS})
        self._dots = {
            name: fig.scatter(
                "x", "y", source=self._points, size="size", marker="marker",
                fill_color=Field("value", transform=self._mappers[name]), line_color=NEUTRAL, line_width=0.5, visible=False,
            )
            for name in ("value", "quality")
        }  # fmt: skip
        self._picked = ColumnDataSource(data={"x": [], "y": []})
        for color, width in (("white", 4), ("black", 2)):
            fig.scatter("x", "y", source=self._picked, size=16, fill_color=None, line_color=color, line_width=width)
        self._edge = ColumnDataSource(data={"x": [], "y": []})
        fig.line("x", "y", source=self._edge, line_color=ANALYSIS, line_width=2)
        self._chosen = BoxAnnotation(
            left=0, right=0, bottom=0, top=0, visible=False, fill_color=ANALYSIS, fill_alpha=0.08, line_color=ANALYSIS,
            line_width=2,
        )  # fmt: skip
        fig.add_layout(self._chosen)
        self._add_tools(fig)
        self._bars = {name: _bar(mapper, name) for name, mapper in self._mappers.items()}
        for bar in self._bars.values():
            fig.add_layout(bar, "right")
        return fig

    def _add_tools(self, fig: figure) -> None:
        dots: list[DataRenderer] = list(self._dots.values())
        fig.add_tools(
            HoverTool(renderers=dots, tooltips=[("", "@what"), ("", "@report"), ("", "@when"), ("", "@level")]),
            HoverTool(renderers=[self._images["number"]], tooltips=[("observations", "@image")]),
            HoverTool(
                renderers=[self._images["value"]], tooltips=[("mean", "@image{custom}")], formatters={"@image": reading()}
            ),
            BoxSelectTool(renderers=[], persistent=False, description="Choose what lies in a box (drag)"),
        )
        fig.on_event(Tap, lambda event: self._on_tapped(event.x, event.y))
        fig.on_event(SelectionGeometry, self._on_selected)
        tell_soon(fig)
        fig.on_event(RangesUpdate, lambda e: self._on_ranges(fig, Window(e.x0, e.x1, e.y0, e.y1)))

    def _on_ranges(self, fig: figure, window: Window) -> None:
        if fig is self.figure and self._on_window is not None:  # what the figure before is told too late is of another map
            self._on_window(window)

    def _on_tapped(self, x: float, y: float) -> None:
        place = (y, x) if self._ground is None else self._ground.place(x, y)
        if place is not None:
            self._on_tap(*place)

    def _on_selected(self, event: Any) -> None:
        box = drawn_box(event)
        if box is not None:
            self._on_box(box)

    def _fit(self, fig: figure, area: Window, projection: Projection | None) -> None:
        frame: Frame = "geographic" if projection is None else "projected"
        shape = aspect(Raster(np.zeros((1, 1)), area.west, area.east, area.south, area.north), frame)
        if projection is not None:  # however long the numbers at the colour bar are, the globe stays round
            fig.update(min_border_left=2, min_border_right=FRAME_WIDTH - 2, min_border_top=ABOVE, min_border_bottom=BELOW)
        tall = FRAME_HEIGHT if projection is None else ABOVE + BELOW
        inner = min(self._box[1] - tall, (self._box[0] - FRAME_WIDTH) / shape)
        width, height = inner * shape + FRAME_WIDTH, inner + tall
        fig.update(sizing_mode="scale_width", aspect_ratio=width / height, max_width=int(width), width=None, height=None)
        self.size = (int(inner * shape), int(inner))
        #: Pixels that the figure takes where there is room.
        self.width, self.height = int(width), int(height)


def _markers(classes: np.ndarray) -> list[str]:
    """Return the marker of each class of quality, for who does not see its colour; a circle where there is none."""
    known = list(QUALITY_MARKERS)
    return [known[int(k)] if 0 <= k < len(known) else "circle" for k in classes]


def image_of(raster: Raster) -> dict[str, list]:
    """Return what an image of a raster is drawn from."""
    return {
        "image": [raster.values], "x": [raster.west], "y": [raster.south],
        "dw": [raster.east - raster.west], "dh": [raster.north - raster.south],
    }  # fmt: skip


_NO_IMAGE: dict[str, list] = {"image": [], "x": [], "y": [], "dw": [], "dh": []}
_COLUMNS = ("x", "y", "value", "size", "marker", "what", "report", "when", "level")


def _image(fig: figure, source: ColumnDataSource, mapper: ColorMapper, alpha: float = 1.0) -> GlyphRenderer:
    glyph = Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper, global_alpha=alpha)
    image: GlyphRenderer = fig.add_glyph(source, glyph)
    image.visible = False
    return image


def _bar(mapper: LinearColorMapper | LogColorMapper, name: str) -> ColorBar:
    written = logarithmic_numbers() if name == "number" else linear_numbers()
    bar = ColorBar(
        color_mapper=mapper, width=12, padding=4, visible=name == "value", background_fill_alpha=0, formatter=written
    )
    if name == "quality":
        bar.ticker = FixedTicker(ticks=[0, 1, 2, 3])
        bar.formatter = CustomJSTickFormatter(
            args={"names": [f"{sign} {name}" for sign, name in zip(QUALITY_MARKERS.values(), QUALITIES, strict=True)]},
            code="return names[tick]",
        )
    return bar

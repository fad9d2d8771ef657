"""Figures that are built once by HoloViews and then changed in place, which is what keeps a dragged slider smooth.

Building a figure takes 100 ms and more; replacing the data of one that the browser already shows takes a few.
"""

from collections.abc import Callable, Hashable, Sequence

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.core.property.vectorization import Field
from bokeh.events import RangesUpdate, Tap
from bokeh.models import BasicTicker, ColorMapper, ColumnDataSource
from bokeh.models.annotations.geometry import Span
from bokeh.plotting import figure

from backends.fields.field import Series
from backends.fields.raster import Raster, Window
from dashboard.coastlines import coastlines
from dashboard.plots.maps import aspect, extent, field_map
from dashboard.plots.series import SERIES_HEIGHT, position, series_plot
from dashboard.theme import MISSING, FieldStyle

#: Pixels that axes, colour bar and toolbar take beside and above the map itself.
FRAME_WIDTH, FRAME_HEIGHT = 110, 60


class LiveMap:
    """A map whose field, limits and points can be replaced while it is shown.

    Parameters
    ----------
    width, height
        The box, in pixels, that the map fills as far as its shape allows.
    on_tap
        Called with latitude and longitude where a person clicks the map.
    on_window
        Called with the area that is looked at after a person has zoomed or panned.
    linked_to
        Another map; both then pan and zoom together. It has to be shown first.
    colored_points
        Whether points are given colours of their own, instead of values that take the field's colours.
    """

    def __init__(
        self,
        width: int,
        height: int,
        on_tap: Callable[[float, float], None] | None = None,
        on_window: Callable[[Window], None] | None = None,
        linked_to: "LiveMap | None" = None,
        colored_points: bool = False,
    ) -> None:
        self._box, self._on_tap, self._on_window, self._linked_to = (width, height), on_tap, on_window, linked_to
        self._colored_points = colored_points
        self._marked: list[list[object]] | None = None
        self._scene: Hashable = None
        self.figure: figure | None = None
        #: The width in pixels that the map takes where there is room.
        self.width = width
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def show(
        self,
        scene: Hashable,
        raster: Raster,
        style: FieldStyle,
        limits: tuple[float, float],
        name: str,
        units: str,
    ) -> None:
        """Draw a field; see :func:`field_map` for the arguments.

        While `scene` stays equal the figure stays, with its zoom, and only its data change; the first raster of a scene
        decides the area and the shape of the map.
        """
        if scene != self._scene:
            self._build(raster, style, limits, name, units)
            self._scene = scene
        else:
            self._image.data = {
                "image": [raster.values],
                "x": [raster.west],
                "y": [raster.south],
                "dw": [raster.east - raster.west],
                "dh": [raster.north - raster.south],
            }
        self._mapper.update(low=limits[0], high=limits[1])

    def mark(self, longitude: Sequence[float], latitude: Sequence[float], fill: Sequence[float] | Sequence[str]) -> None:
        """Replace the points on the map; `fill` holds values in the field's unit, or colours where `colored_points`."""
        marked: list[list[object]] = [list(longitude), list(latitude), list(fill)]
        if marked == self._marked:
            return  # the browser would draw the whole map again
        self._marked = marked
        if self._colored_points and not marked[2]:
            marked = [[np.nan], [np.nan], [MISSING]]  # Bokeh takes no empty list of colours
        self._marks.data = dict(zip(("longitude", "latitude", "color"), marked, strict=True))

    def _build(self, raster: Raster, style: FieldStyle, limits: tuple[float, float], name: str, units: str) -> None:
        fig: figure = hv.render(field_map(raster, style, limits, name, units), backend="bokeh")
        width, height = self._box
        inner = min(height - FRAME_HEIGHT, (width - FRAME_WIDTH) / aspect(raster))
        outer_width, outer_height = inner * aspect(raster) + FRAME_WIDTH, inner + FRAME_HEIGHT
        fig.update(
            width=None,
            height=None,
            sizing_mode="scale_width",
            aspect_ratio=outer_width / outer_height,
            max_width=int(outer_width),
        )
        self.width = int(outer_width)
        fig.xaxis.ticker = BasicTicker(desired_num_ticks=4)  # more labels run into each other on a narrow window
        if self._linked_to is not None and self._linked_to.figure is not None:
            fig.x_range, fig.y_range = self._linked_to.figure.x_range, self._linked_to.figure.y_range
        if self._on_tap is not None:
            tapped = self._on_tap
            fig.on_event(Tap, lambda event: tapped(event.y, event.x))
        if self._on_window is not None:
            looked = self._on_window
            fig.on_event(RangesUpdate, lambda event: looked(Window(event.x0, event.x1, event.y0, event.y1)))
        source, mapper = fig.select_one({"type": ColumnDataSource}), fig.select_one({"type": ColorMapper})
        assert isinstance(source, ColumnDataSource)
        assert isinstance(mapper, ColorMapper)
        self._image, self._mapper = source, mapper
        # Coastlines and points are plain glyphs: as elements of HoloViews they would triple the time to build the figure.
        coast = coastlines(*extent(raster))
        fig.line(coast[:, 0], coast[:, 1], color="black", line_width=0.9)
        self._marks, self._marked = ColumnDataSource(), None
        self.mark([], [], [])
        fill = Field("color") if self._colored_points else Field("color", transform=self._mapper)
        size = 11 if self._colored_points else 7
        fig.scatter("longitude", "latitude", source=self._marks, fill_color=fill, size=size, line_color="black")
        self.figure = self.pane.object = fig


class LiveSeries:
    """Lines at picked places, with a vertical line that moves with the time shown on the map."""

    def __init__(self) -> None:
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0, height=SERIES_HEIGHT)
        self._now: Span | None = None
        self._series: Series | None = None

    def show(self, series: Sequence[Series], colors: Sequence[str], current: int, name: str, units: str) -> None:
        """Draw the series anew; none clears the plot."""
        self._series = series[0] if series else None
        if not series:
            self.pane.object = self._now = None
            return
        fig = hv.render(series_plot(series, colors, current, name, units), backend="bokeh")
        self._now = fig.select_one({"type": Span})
        self.pane.object = fig

    def move_to(self, current: int) -> None:
        """Move the vertical line to an index of the time axis."""
        if self._now is not None and self._series is not None:
            where = position(self._series.axis, current)
            self._now.location = where.astype("datetime64[ms]").astype(float) if isinstance(where, np.datetime64) else where

"""Figures that are built once by HoloViews and then changed in place, which is what keeps a dragged slider smooth.

Building a figure takes 100 ms and more; replacing the data of one that the browser already shows takes a few.
"""

from collections.abc import Callable, Hashable, Sequence

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.events import RangesUpdate, Tap
from bokeh.models import BasicTicker, ColorMapper, ColumnDataSource
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from backends.fields.overlays.asked import Overlay
from backends.fields.raster import Raster, Window
from backends.fields.views import View
from backends.pictures.coastlines import coastlines
from dashboard.plots.axes import set_limits
from dashboard.plots.ground import MapGround
from dashboard.plots.maps import COORDINATES, Frame, aspect, extent, field_map, tell_soon
from dashboard.plots.overlays import MapOverlays
from dashboard.plots.part import PartOfMap, window_of
from dashboard.plots.points import MapPoints
from dashboard.theme import MISSING, NEUTRAL, FieldStyle

#: Pixels that axes, colour bar and toolbar take beside and above the map itself.
FRAME_WIDTH, FRAME_HEIGHT = 110, 60
#: The same of a projected map, which has no axes.
BAR_WIDTH, TOOLS_HEIGHT = 112, 42


class LiveMap(PartOfMap):
    """A map, or a vertical plane, whose field, limits and points can be replaced while it is shown.

    Parameters
    ----------
    width, height
        The box, in pixels, that the map fills as far as its shape allows.
    on_tap
        Called with latitude and longitude where a person clicks the map; on a plane with x and z.
    on_window
        Called with the area that is looked at after a person has zoomed or panned.
    linked_to
        Another map; both then pan and zoom together. It has to be shown first.
    colored_points
        Whether points are given colours of their own, with the markers of these, instead of values that take the field's
        colours.
    frame
        ``geographic``: degrees, true to scale, with coastlines. ``plane``: the raster's edges are kilometres along x and
        z, and the plane fills the box.
    on_move
        Called with the index of a point and its new x and y (longitude and latitude) after a person has dragged it. The
        point stays where it was dropped until it is marked anew.
    transparent_missing
        Whether the page shows through where values are missing; otherwise they are grey.
    on_turn
        Called with latitude and longitude of the middle of a globe while a person turns it, and whether that is the end.
    on_figure
        Called with each figure that is built, before it is shown: events asked for later never come.
    """

    def __init__(
        self,
        width: int,
        height: int,
        on_tap: Callable[[float, float], None] | None = None,
        on_window: Callable[[Window], None] | None = None,
        linked_to: "LiveMap | None" = None,
        colored_points: bool = False,
        *,
        frame: Frame = "geographic",
        on_move: Callable[[int, float, float], None] | None = None,
        transparent_missing: bool = False,
        on_turn: Callable[[float, float, bool], None] | None = None,
        on_figure: Callable[[figure], None] | None = None,
    ) -> None:
        super().__init__(on_window)
        self._box, self._on_tap, self._linked_to = (width, height), on_tap, linked_to
        self._frame, self._colored_points, self._transparent = frame, colored_points, transparent_missing
        self._on_move, self._moving = on_move, True
        self._on_turn, self._on_figure = on_turn, on_figure
        self._points: MapPoints | None = None
        self._ground: MapGround | None = None
        self._overlays: MapOverlays | None = None
        #: Width and height in pixels of the map without axes and colours.
        self.inner = (width, height)
        self._scene: Hashable = None
        self._kept_back = False
        #: Width and height in pixels that the map takes where there is room.
        self.width, self.height = width, height
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)

    def show(
        self,
        scene: Hashable,
        raster: Raster,
        style: FieldStyle,
        limits: tuple[float, float],
        name: str,
        units: str,
        view: View | None = None,
    ) -> None:
        """Draw a field; see :func:`field_map` for the arguments.

        `view` is the part of a projected map that the raster's pixels lie on; None where they lie on the map's own frame.

        While `scene` stays equal the figure stays, with its zoom, and only its data change; the first raster of a scene
        decides the area and the shape of the map. A new scene has no points.
        """
        if scene != self._scene:
            self._build(raster, style, limits, name, units, view is not None)
            self._scene = scene
        else:
            self._image.data = {
                "image": [raster.values],
                "x": [raster.west],
                "y": [raster.south],
                "dw": [raster.east - raster.west],
                "dh": [raster.north - raster.south],
            }
        if self._ground is not None and view is not None:
            self._ground.show(view, self._table)
        self._mapper.update(low=limits[0], high=limits[1])
        self._look_at_first()

    def mark(
        self,
        x: Sequence[float] | np.ndarray,
        y: Sequence[float] | np.ndarray,
        fill: Sequence[float] | Sequence[str] | np.ndarray,
        rejected: Sequence[bool] | np.ndarray | None = None,
        sizes: Sequence[float] | np.ndarray | None = None,
    ) -> None:
        """Replace the points on the map; see :meth:`MapPoints.mark`. A projected map is given longitudes and latitudes."""
        if self._ground is not None:
            x, y = self._ground.points(x, y)
        self._shown_points.mark(x, y, fill, rejected, sizes)

    def overlay(self, overlay: Overlay) -> None:
        """Draw contours, wind and triangles over the field, until a new scene is built; its x and y are those of the map."""
        if self.figure is None or (self._overlays is None and overlay.empty):
            return
        if self._overlays is None:
            self._overlays = MapOverlays(self.figure, self._mapper)
        self._overlays.show(overlay)

    def point_at(self, x: float | None, y: float | None = None) -> None:
        """Put a cross at a place, or take it away."""
        self._shown_points.point_at(x, y)

    def set_moving(self, moving: bool) -> None:
        """Let points be dragged, as they can be at first, or not, so that in a dense network a drag always pans."""
        self._moving = moving
        if self._points is not None and self._points.dragging is not None:
            self._points.dragging.allow(moving)

    @property
    def _shown_points(self) -> MapPoints:
        if self._points is None:
            raise RuntimeError("points were put on a map that shows no field yet")
        return self._points

    @property
    def _marks(self) -> ColumnDataSource:
        return self._shown_points.source

    def _build(
        self, raster: Raster, style: FieldStyle, limits: tuple[float, float], name: str, units: str, projected: bool
    ) -> None:
        missing = "rgba(0, 0, 0, 0)" if self._transparent or projected else MISSING
        frame: Frame = "projected" if projected else self._frame
        self._table, place = MapGround.table()
        drawn = field_map(raster, style, limits, name, units, frame, missing, place if projected else None)
        fig: figure = hv.render(drawn, backend="bokeh")
        self._fit(fig, raster, frame)
        if self._linked_to is not None and self._linked_to.figure is not None:
            fig.x_range, fig.y_range = self._linked_to.figure.x_range, self._linked_to.figure.y_range
        if self._on_tap is not None:
            tapped = self._on_tap
            order = (lambda e: tapped(e.y, e.x)) if frame == "geographic" else (lambda e: tapped(e.x, e.y))
            fig.on_event(Tap, (lambda e: self._tap_on_ground(e.x, e.y)) if projected else order)
        if self._on_window is not None:
            looked = self._on_window
            tell_soon(fig)
            fig.on_event(RangesUpdate, lambda event: looked(Window(event.x0, event.x1, event.y0, event.y1)))
        (image,) = fig.renderers
        assert isinstance(image, GlyphRenderer)
        source, mapper = image.data_source, fig.select_one({"type": ColorMapper})
        assert isinstance(source, ColumnDataSource)
        assert isinstance(mapper, ColorMapper)
        self._image, self._mapper = source, mapper
        # Coastlines and points are plain glyphs: as elements of HoloViews they would triple the time to build the figure.
        edge = NEUTRAL if self._transparent else "black"
        self._ground = MapGround(fig, self._on_turn) if projected else None
        if frame == "geographic":
            coast = coastlines(*extent(raster))
            fig.line(coast[:, 0], coast[:, 1], color=edge, line_width=0.9)
        self._overlays = None
        colors = None if self._colored_points else mapper
        self._points = MapPoints(fig, COORDINATES[frame], colors, edge, self._on_move)
        self.set_moving(self._moving)
        if self._on_figure is not None:
            self._on_figure(fig)
        self._whole = window_of(fig)
        if self._linked_to is None:  # otherwise the browser would go back to what it saw first
            set_limits(fig.x_range, self._whole.west, self._whole.east)
            set_limits(fig.y_range, self._whole.south, self._whole.north)
        self.figure = fig
        if not self._kept_back:
            self.pane.object = fig

    def keep_back(self) -> None:
        """Give the browser no figure before :meth:`bring_forward`: it waits for ever for one that is hidden at first."""
        self._kept_back = True

    def bring_forward(self) -> None:
        """Give the browser the figure, if it has been kept back."""
        if self._kept_back:
            self._kept_back, self.pane.object = False, self.figure

    def _tap_on_ground(self, x: float, y: float) -> None:
        place = None if self._ground is None else self._ground.place(x, y)
        if place is not None and self._on_tap is not None:
            self._on_tap(*place)

    def _fit(self, fig: figure, raster: Raster, frame: Frame) -> None:
        """Make the figure as large as the box allows, and smaller where there is less room, in the same shape."""
        width, height = map(float, self._box)
        if frame != "plane":
            across, above = (BAR_WIDTH, TOOLS_HEIGHT) if frame == "projected" else (FRAME_WIDTH, FRAME_HEIGHT)
            inner = min(height - above, (width - across) / aspect(raster, frame))
            self.inner = round(inner * aspect(raster, frame)), round(inner)
            width, height = inner * aspect(raster, frame) + across, inner + above
        if frame == "projected":  # however long the numbers at the colour bar are, the globe stays round
            fig.update(min_border_left=2, min_border_right=BAR_WIDTH - 2, outline_line_color=None)
        fig.update(width=None, height=None, sizing_mode="scale_width", aspect_ratio=width / height, max_width=int(width))
        self.width, self.height = int(width), int(height)
        fig.xaxis.ticker = BasicTicker(desired_num_ticks=4)  # more labels run into each other on a narrow window

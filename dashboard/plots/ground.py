"""What lies under and over a field on a projected map: the Earth's disc, coastlines, graticule, and the read-out."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from bokeh.models import ColumnDataSource, CustomJS, CustomJSHover
from bokeh.models.glyphs import Line, Patch
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from backends.fields.views import View, readout
from backends.geometry.projections import Orthographic, Projection
from backends.geometry.projections.lines import graticule, project_lines
from backends.pictures.coastlines import all_coastlines
from dashboard.theme import MISSING, NEUTRAL

#: Finer coastlines are drawn where less than this share of the map is looked at.
CLOSE = 0.35
#: Opacity of the disc where no field covers it.
BARE = 0.16
#: Milliseconds between two pictures asked for while the globe is turned.
TURN_EVERY = 90

_AT = """
    const {bounds: [[left, right, bottom, top]], size: [[nx, ny]], latitude: [lat], longitude: [lon]} = table.data
    const {x, y} = special_vars
    const column = Math.floor((x - left) / (right - left) * nx), row = Math.floor((y - bottom) / (top - bottom) * ny)
    const k = row * nx + column
    if (column < 0 || row < 0 || column >= nx || row >= ny || isNaN(lat[k])) return "beside the map"
    const part = (value, plus, minus) => Math.abs(value).toFixed(2) + "°" + (value < 0 ? minus : plus)
    return part(lat[k], "N", "S") + ", " + part(lon[k], "E", "W")
"""
# delta_x and delta_y count from where the drag began, in pixels. A tool that is chosen for dragging goes first.
_DRAG = """
    if (fig.toolbar.gestures.pan.active != null) return
    if (cb_obj.event_name == "panstart") {
      turned.begin = {latitude: middle.data.latitude[0], longitude: middle.data.longitude[0]}
      turned.sent = 0
      return
    }
    if (turned.begin == null) return
    const done = cb_obj.event_name == "panend"
    if (!done) {
      const degrees = (fig.x_range.end - fig.x_range.start) / fig.inner_width * 180 / Math.PI
      const {latitude, longitude} = turned.begin
      const up = Math.min(Math.max(latitude - cb_obj.delta_y * degrees, -90), 90)
      const shrunk = Math.max(Math.cos(latitude * Math.PI / 180), 0.25)
      const east = longitude - cb_obj.delta_x * degrees / shrunk
      turned.at = {latitude: [up], longitude: [((east + 180) % 360 + 360) % 360 - 180]}
    }
    if (turned.at == null || (!done && Date.now() - turned.sent < every)) return
    turned.sent = Date.now()
    turned.count = (turned.count ?? 0) + 1
    turned.data = {...turned.at, done: [done], count: [turned.count]}
    if (done) turned.begin = turned.at = null
"""


class MapGround:
    """The ground of one figure, whose image shows the pixels of a :class:`View`.

    Parameters
    ----------
    fig
        The figure.
    on_turn
        Called with the latitude and the longitude of the middle while a person turns the globe with the pointer, and
        whether the drag has ended. Only the globe seen from afar can be turned.
    bare
        Whether no field covers the disc, which is paler then, with lines that are seen on the light and on the dark page.
    """

    def __init__(self, fig: figure, on_turn: Callable[[float, float, bool], None] | None, bare: bool = False) -> None:
        self._view: View | None = None
        self._drawn: tuple[Projection, bool] | None = None
        self._on_turn = on_turn
        self._disc, self._coast, self._net = (ColumnDataSource(data={"x": [], "y": []}) for _ in range(3))
        line, shade = (NEUTRAL, BARE) if bare else ("black", 1.0)
        filled = Patch(x="x", y="y", fill_color=MISSING, fill_alpha=shade, line_color=None)
        disc = fig.add_glyph(self._disc, filled, level="image")
        assert isinstance(disc, GlyphRenderer)
        fig.renderers = [disc, *(r for r in fig.renderers if r is not disc)]  # under the field
        fig.add_glyph(self._net, Line(x="x", y="y", line_color=line, line_alpha=0.25, line_width=0.7))
        fig.add_glyph(self._coast, Line(x="x", y="y", line_color=line, line_width=0.9))
        edge = Line(x="x", y="y", line_color=line, line_alpha=0.6, line_width=1)
        fig.add_glyph(self._disc, edge)
        #: What the browser tells of a drag, and where the middle of the map is.
        self.turned, self._middle = ColumnDataSource(data={}), ColumnDataSource(data={"latitude": [0], "longitude": [0]})
        arguments = {"fig": fig, "turned": self.turned, "middle": self._middle, "every": TURN_EVERY}
        self._turns = CustomJS(args=arguments, code=_DRAG)
        self._figure = fig
        self.turned.on_change("data", self._on_turned)

    @staticmethod
    def table() -> tuple[ColumnDataSource, CustomJSHover]:
        """Return an empty table of the places under the pixels, and what writes the place under the pointer from it."""
        empty = {"bounds": [[0, 1, 0, 1]], "size": [[0, 0]], "latitude": [[]], "longitude": [[]]}
        table = ColumnDataSource(data=empty)
        return table, CustomJSHover(args={"table": table}, code=_AT)

    def show(self, view: View, table: ColumnDataSource | None = None) -> None:
        """Draw the ground of a view, as far as it is another than before, and fill the table of its read-out."""
        if view == self._view:
            return
        self._view = view
        projection, w = view.projection, view.window
        left, right, bottom, top = projection.bounds
        close = (w.east - w.west) * (w.north - w.south) < CLOSE**2 * (right - left) * (top - bottom)
        if (projection, close) != self._drawn:
            self._drawn = projection, close
            outline = projection.outline().numpy()
            self._disc.data = {"x": outline[:, 0], "y": outline[:, 1]}
            net = project_lines(projection, graticule(10 if close else 30))
            self._net.data = _columns(net)
            self._coast.data = _columns(project_lines(projection, torch.from_numpy(all_coastlines(fine=close))))
        if table is not None:
            latitude, longitude = readout(view)
            table.data = {
                "bounds": [[w.west, w.east, w.south, w.north]],
                "size": [[latitude.shape[1], latitude.shape[0]]],
                "latitude": [latitude.ravel()],
                "longitude": [longitude.ravel()],
            }
        if isinstance(projection, Orthographic):
            self._middle.data = {"latitude": [projection.latitude], "longitude": [projection.longitude]}
            self._let_turn()

    def _let_turn(self) -> None:
        if self._on_turn is not None and "pan" not in self._figure.js_event_callbacks:
            for event in ("panstart", "pan", "panend"):
                self._figure.js_on_event(event, self._turns)
            self._figure.toolbar.active_drag = None

    def place(self, x: float, y: float) -> tuple[float, float] | None:
        """Return latitude and longitude of a point of the map, None beside it."""
        assert self._view is not None
        latitude, longitude = self._view.projection.inverse(*torch.tensor([[x], [y]], dtype=torch.float64))
        return None if bool(torch.isnan(latitude).any()) else (float(latitude[0]), float(longitude[0]))

    def points(self, longitude: Sequence[float] | np.ndarray, latitude: Sequence[float] | np.ndarray) -> np.ndarray:
        """Return x and y of places, (2, p); NaN for those behind the horizon."""
        assert self._view is not None
        north, east = (torch.as_tensor(np.asarray(v, dtype=float)) for v in (latitude, longitude))
        return torch.stack(self._view.projection.forward(north, east)).numpy()

    def _on_turned(self, _attribute: str, _old: object, new: dict[str, Sequence]) -> None:
        if self._on_turn is not None and new:
            self._on_turn(float(new["latitude"][0]), float(new["longitude"][0]), bool(new["done"][0]))


def _columns(lines: torch.Tensor) -> dict[str, np.ndarray]:
    x, y = lines.to(torch.float32).numpy().T
    return {"x": np.ascontiguousarray(x), "y": np.ascontiguousarray(y)}

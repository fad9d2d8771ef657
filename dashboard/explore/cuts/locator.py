"""A small map beside a cut, on which the cut is drawn and chosen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import panel as pn
from bokeh.events import SelectionGeometry
from bokeh.models import BoxSelectTool, ColumnDataSource, PolySelectTool
from bokeh.plotting import figure
from panel.viewable import Viewable

from backends.fields.field import Field
from backends.fields.raster import Raster
from dashboard.plots.live import LiveMap
from dashboard.plots.race.frame import grid
from dashboard.theme import PICKED, style_of, units_label

WIDTH, HEIGHT = 430, 270
LINE = PICKED[0]


class Locator:
    """The field on latitude and longitude, with lines and points over it.

    Parameters
    ----------
    on_tap
        Called with latitude and longitude where a person clicks.
    on_region
        Called with the geometry (Bokeh's) of a box or a polygon that a person draws; without it none can be drawn.
    """

    def __init__(
        self,
        on_tap: Callable[[float, float], None] | None = None,
        on_region: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._on_region = on_region
        self._lines = ColumnDataSource(data={"x": [], "y": [], "color": []})
        self.map = LiveMap(WIDTH, HEIGHT, on_tap=on_tap, colored_points=True, on_figure=self._dress)
        self._west = -180.0
        self.pane = pn.Column(self.map.pane, width=WIDTH, margin=0)

    def show(self, scene: object, field: Field, raster: Raster, limits: tuple[float, float]) -> None:
        """Draw the field that the page's map shows, in its colours."""
        variable, self._west = field.variable, raster.west
        key = (scene, variable.name)
        self.map.show(key, raster, style_of(variable), limits, variable.title, units_label(variable.units))

    def _dress(self, fig: figure) -> None:
        """Put the lines into a new figure, and the tools that draw regions."""
        fig.multi_line("x", "y", source=self._lines, line_color="color", line_width=3)
        if self._on_region is not None:
            drawn, box = self._on_region, BoxSelectTool(persistent=False, renderers=[])
            fig.add_tools(box, PolySelectTool(persistent=False, renderers=[]))
            fig.toolbar.active_drag = box
            fig.on_event(SelectionGeometry, lambda event: event.final and drawn(event.geometry))

    def lines(self, lines: Sequence[tuple[np.ndarray, np.ndarray]], colors: Sequence[str]) -> None:
        """Replace the lines, longitudes and latitudes, NaN between pieces."""
        self._lines.data = {"x": [line[0] for line in lines], "y": [line[1] for line in lines], "color": list(colors)}

    def points(self, places: Sequence[tuple[float, float]], colors: Sequence[str]) -> None:
        """Replace the points, latitude and longitude."""
        self.map.mark([self.onto(east) for _, east in places], [north for north, _ in places], list(colors))

    def onto(self, longitude: float) -> float:
        """Return a longitude on the branch that the map is drawn on."""
        return self._west + (longitude - self._west) % 360


def on_branch(longitude: np.ndarray, west: float) -> np.ndarray:
    """Return longitudes from `west` on, NaN where a line jumps from one edge of the map to the other."""
    east = west + (longitude - west) % 360
    return np.where(np.abs(np.diff(east, prepend=east[:1])) > 180, np.nan, east)


def beside(figures: Viewable, locator: Viewable) -> pn.Column:
    """Return figures as wide as there is room for, with the small map on their right, or below them where that is narrow."""
    # A flexible box leaves figures that come into it later without any width.
    return grid(figures, locator, least=WIDTH)

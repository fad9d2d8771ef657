"""A small map beside a cut, on which the cut is drawn and chosen."""

from collections.abc import Callable, Sequence

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource

from backends.fields.field import Field
from backends.fields.raster import Raster
from dashboard.plots.live import LiveMap
from dashboard.theme import PICKED, style_of, units_label

WIDTH, HEIGHT = 430, 270
LINE = PICKED[0]


class Locator:
    """The field on latitude and longitude, with lines and points over it; `on_tap` is called with latitude and longitude."""

    def __init__(self, on_tap: Callable[[float, float], None]) -> None:
        self.map = LiveMap(WIDTH, HEIGHT, on_tap=on_tap, colored_points=True)
        self._lines = ColumnDataSource(data={"x": [], "y": [], "color": []})
        self._drawn_on: object = None
        self._west = -180.0
        self.pane = pn.Column(self.map.pane, width=WIDTH, margin=0)

    def show(self, scene: object, field: Field, raster: Raster, limits: tuple[float, float]) -> None:
        """Draw the field that the page's map shows, in its colours."""
        variable, self._west = field.variable, raster.west
        key = (scene, variable.name)
        self.map.show(key, raster, style_of(variable), limits, variable.title, units_label(variable.units))
        if self.map.figure is not None and self._drawn_on is not self.map.figure:
            self._drawn_on = self.map.figure
            self.map.figure.multi_line("x", "y", source=self._lines, line_color="color", line_width=3)

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

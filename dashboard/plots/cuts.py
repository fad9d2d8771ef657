"""A cut through a field: pixels over something horizontal, and levels or times upwards or downwards; and lines of the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    CustomJSHover,
    DatetimeTicker,
    DatetimeTickFormatter,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Range1d,
    WheelZoomTool,
)
from bokeh.models.annotations import ColorBar
from bokeh.models.axes import Axis
from bokeh.models.glyphs import Image
from bokeh.plotting import figure

from backends.fields.raster import Raster
from dashboard.plots.axes import plain_figure
from dashboard.plots.maps import degrees_east, degrees_north, reading_east, reading_north
from dashboard.plots.marked import SIZE, marked_values, marker_of, size_of
from dashboard.plots.numbers import linear_numbers, reading
from dashboard.theme import MISSING, FieldStyle

HEIGHT = 440
TOOLS = "pan,wheel_zoom,box_zoom,reset,save"
#: Part of the height or width that lines leave free on either side.
MARGIN = 0.06
#: Ticks of a level axis, at most.
MOST_TICKS = 14


@dataclass(frozen=True)
class Scale:
    """What an axis counts.

    Attributes
    ----------
    kind
        ``longitude``, ``latitude``, ``time`` (milliseconds since 1970) or ``number``.
    label
        Beside the axis, with the unit.
    name
        In the pointer's read-out; its own word, as text from a file must not reach a template.
    downward
        Whether it grows downwards.
    log
        Whether it is logarithmic.
    ticks
        Where its ticks are; Bokeh's own choice if there are none.
    """

    kind: str
    label: str = ""
    name: str = ""
    downward: bool = False
    log: bool = False
    ticks: tuple[float, ...] = ()


class Framed:
    """A figure that is built anew when its axes are others: call `framed`, change the data, then `finish`."""

    def __init__(self, height: int) -> None:
        self._height = height
        self._scales: tuple[Scale, Scale] | None = None
        self.figure: figure | None = None
        self.pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0, height=height)

    def framed(self, x: Scale, y: Scale, x_ends: tuple[float, float], y_ends: tuple[float, float]) -> figure | None:
        """Return a new figure where it has to be built anew; otherwise change its ends where these are others."""
        new = self._scales != (x, y)
        if new:
            self._scales = (x, y)
            self.figure = plain_figure(self._height, x.label, y.label, log_x=x.log, log_y=y.log, tools=TOOLS)
            self.figure.toolbar.active_scroll = next(t for t in self.figure.tools if isinstance(t, WheelZoomTool))
            _dress(self.figure.xaxis[0], x)
            _dress(self.figure.yaxis[0], y)
        assert self.figure is not None
        for ends, scale, shown in ((x_ends, x, self.figure.x_range), (y_ends, y, self.figure.y_range)):
            start, end = ends[::-1] if scale.downward else ends
            assert isinstance(shown, Range1d)
            if (shown.reset_start, shown.reset_end) != (start, end):  # otherwise a person's zoom is kept
                shown.update(start=start, end=end, reset_start=start, reset_end=end)
        return self.figure if new else None

    def finish(self, new: figure | None) -> None:
        """Show a figure that has been built anew; None where the old one stays."""
        if new is not None:
            self.pane.object = new


class LiveCut(Framed):
    """Pixels with a colour bar, whose data are replaced while the axes stay."""

    def __init__(self, height: int = HEIGHT) -> None:
        super().__init__(height)
        self._source = ColumnDataSource()

    def show(self, raster: Raster, x: Scale, y: Scale, style: FieldStyle, limits: tuple[float, float], units: str) -> None:
        """Draw pixels, which are even on the scales of the axes, within colour limits."""
        new = self.framed(x, y, (raster.west, raster.east), (raster.south, raster.north))
        self._source.data = {
            "image": [raster.values], "x": [raster.west], "y": [raster.south],
            "dw": [raster.east - raster.west], "dh": [raster.north - raster.south],
        }  # fmt: skip
        if new is not None:
            self._mapper = LinearColorMapper(palette=list(style.palette), nan_color=MISSING)
            glyph = Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=self._mapper)
            image = new.add_glyph(self._source, glyph)
            self._bar = ColorBar(color_mapper=self._mapper, width=12, padding=4, formatter=linear_numbers())
            new.add_layout(self._bar, "right")
            self._hover = HoverTool(renderers=[image])
            new.add_tools(self._hover)
        self._mapper.update(low=limits[0], high=limits[1], palette=list(style.palette))
        self._bar.title = units
        self._hover.update(
            tooltips=[("value", "@image{custom}"), *_where(x, y)], formatters={"@image": reading(units), **_writers(x, y)}
        )
        self.finish(new)


class LiveLines(Framed):
    """Lines in colours, whose data are replaced while the axes stay.

    Parameters
    ----------
    height
        In pixels.
    marked
        Whether several lines have the markers of their colours, too.
    """

    def __init__(self, height: int = HEIGHT, marked: bool = False) -> None:
        super().__init__(height)
        self._marked = marked
        self._source = ColumnDataSource(data={"x": [], "y": [], "color": [], "name": []})
        self._marks = ColumnDataSource(data=_marks_of([], []))

    def show(
        self, lines: Sequence[tuple[np.ndarray, np.ndarray]], colors: Sequence[str], names: Sequence[str], x: Scale, y: Scale
    ) -> None:
        """Draw lines of x and y; the axes end at what is finite, those of numbers with a margin."""
        ends = [_ends([line[k] for line in lines], scale) for k, scale in enumerate((x, y))]
        new = self.framed(x, y, ends[0], ends[1])
        self._source.data = {
            "x": [line[0] for line in lines], "y": [line[1] for line in lines], "color": list(colors), "name": list(names)
        }  # fmt: skip
        if self._marked:
            self._marks.data = _marks_of(lines, colors)
        if new is not None:
            drawn = new.multi_line("x", "y", source=self._source, line_color="color", line_width=2)
            hover = HoverTool(renderers=[drawn], line_policy="nearest")
            hover.update(tooltips=[("", "@name"), *_where(x, y)], formatters=_writers(x, y))
            new.add_tools(hover)
            new.scatter("x", "y", source=self._marks, size="size", marker="marker", fill_color="color", line_color=None)
        self.finish(new)


def _marks_of(lines: Sequence[tuple[np.ndarray, np.ndarray]], colors: Sequence[str]) -> dict[str, Any]:
    """Return the markers of several lines; of a single one there are none."""
    if len(lines) < 2:
        return {"x": [], "y": [], "color": [], "marker": [], "size": []}
    rows = [marked_values(x + y, place, len(lines)) for place, (x, y) in enumerate(lines)]
    colored = [color for color, at in zip(colors, rows, strict=True) for _ in at]
    markers = [marker_of(color) for color in colored]
    return {
        "x": np.concatenate([x[at] for (x, _), at in zip(lines, rows, strict=True)]),
        "y": np.concatenate([y[at] for (_, y), at in zip(lines, rows, strict=True)]),
        "color": colored,
        "marker": markers,
        "size": [size_of(marker, SIZE) for marker in markers],
    }


def _dress(axis: Axis, scale: Scale) -> None:
    if scale.kind == "longitude":
        axis.formatter = degrees_east()
    elif scale.kind == "latitude":
        axis.formatter = degrees_north()
        axis.ticker = BasicTicker(mantissas=[1, 2, 3, 5], desired_num_ticks=7)
    elif scale.kind == "time":
        axis.ticker = DatetimeTicker()
        axis.formatter = DatetimeTickFormatter(hours="%d %b %H:%M", days="%d %b %Y", months="%b %Y", minutes="%H:%M")
    elif scale.ticks:
        step = -(-len(scale.ticks) // MOST_TICKS)
        axis.ticker = FixedTicker(ticks=list(scale.ticks[::step]))


def _where(x: Scale, y: Scale) -> list[tuple[str, str]]:
    return [(scale.name or scale.kind, f"${name}{{0.0}}") for name, scale in (("x", x), ("y", y))]


def _writers(x: Scale, y: Scale) -> dict[str, CustomJSHover]:
    return {f"${name}": _WRITERS[scale.kind]() for name, scale in (("x", x), ("y", y))}


_WRITERS = {
    "longitude": reading_east,
    "latitude": reading_north,
    "time": lambda: CustomJSHover(code='return new Date(value).toISOString().slice(0, 16).replace("T", " ")'),
    "number": reading,
}


def _ends(values: Sequence[np.ndarray], scale: Scale) -> tuple[float, float]:
    joined = np.concatenate([np.empty(0), *(np.asarray(v, dtype=np.float64) for v in values)])
    joined = joined[np.isfinite(joined) & ((joined > 0) | (not scale.log))]
    if not joined.size:
        return 0.1, 1.0
    low, high = float(joined.min()), float(joined.max())
    if scale.log:
        factor = max(high / low, 1.01) ** MARGIN
        return low / factor, high * factor
    margin = 0.0 if scale.kind != "number" and high > low else MARGIN * (high - low) or abs(high) * MARGIN or 1.0
    return low - margin, high + margin

"""A score over two settings."""

from collections.abc import Callable, Sequence

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.events import Event, Tap
from bokeh.models import (
    ColorMapper,
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Scatter,
)
from bokeh.models.annotations.legends import ColorBar
from bokeh.plotting import figure

from dashboard.plots.axes import LEFT, column, set_limits
from dashboard.plots.numbers import linear_numbers, reading, say
from dashboard.theme import MISSING, OBSERVATIONS, FieldStyle, number

HEIGHT = 330
#: More labels than this along x and along y run into each other.
MAX_LABELS = (6, 9)
#: Symbol, marker, size and colour of the settings that can be marked. In a legend of Bokeh, markers are too small.
_MARKERS = {
    "current": ("✛", "cross", 18, "white"),
    "minimum": ("☆", "star", 17, "white"),
    "maximum likelihood": ("◆", "diamond", 14, OBSERVATIONS),
}


class LiveSurface:
    """Cells of equal size, one per pair of settings, coloured by score; values and marks can be replaced.

    Axes count cells, so that settings may be spaced in any way; their labels are the settings.

    Parameters
    ----------
    on_tap
        Called with the settings x and y of the cell that a person clicks.
    """

    def __init__(self, on_tap: Callable[[float, float], None] | None = None) -> None:
        self._on_tap = on_tap
        self._x, self._y = np.empty(0), np.empty(0)
        self._marks: dict[str, ColumnDataSource] = {}
        self._marked: dict[str, tuple[float, float] | None] = {}
        self.figure: figure | None = None
        self._pane = pn.pane.Bokeh(None, sizing_mode="stretch_width", margin=0)
        self._legend = pn.pane.HTML("", sizing_mode="stretch_width", margin=(2, 0, 0, LEFT), styles={"font-size": "13px"})
        self.pane = pn.Column(self._legend, self._pane, sizing_mode="stretch_width", margin=0)

    def show(
        self,
        values: np.ndarray,
        x: Sequence[float] | np.ndarray,
        y: Sequence[float] | np.ndarray,
        limits: tuple[float, float],
        name: str,
        units: str = "",
        x_label: str = "",
        y_label: str = "",
        style: FieldStyle | None = None,
    ) -> None:
        """Replace the surface; the marks stay at their settings.

        Parameters
        ----------
        values
            The score, (ny, nx); NaN where there is none.
        x, y
            The settings, (nx,) and (ny,), increasing.
        limits
            The scores at both ends of the colours.
        name, units
            Of the score.
        x_label, y_label
            Of the settings.
        style
            The colours.

        Raises
        ------
        ValueError
            If the shapes do not agree, or the settings do not increase.
        """
        self._x, self._y = column("x", x), column("y", y)
        score = np.asarray(values, dtype=np.float32)
        if score.shape != (self._y.size, self._x.size) or not score.size:
            raise ValueError(f"values: shape {score.shape}, expected {(self._y.size, self._x.size)}, and not empty")
        if not ((np.diff(self._x) > 0).all() and (np.diff(self._y) > 0).all()):
            raise ValueError("x and y: expected increasing settings")
        if self.figure is None:
            self._build(score)
        fig = self.figure
        assert fig is not None
        at_x, at_y = np.meshgrid(self._x, self._y)
        self._image.data = {
            "image": [score],
            "at_x": [at_x.astype(np.float32)],
            "at_y": [at_y.astype(np.float32)],
            "x": [-0.5],
            "y": [-0.5],
            "dw": [self._x.size],
            "dh": [self._y.size],
        }
        self._mapper.update(low=limits[0], high=limits[1], palette=list((style or FieldStyle()).palette))
        along_x = (fig.xaxis, fig.x_range, self._x, x_label, MAX_LABELS[0])
        along_y = (fig.yaxis, fig.y_range, self._y, y_label, MAX_LABELS[1])
        for axis, extent, settings, label, most in (along_x, along_y):
            set_limits(extent, -0.5, settings.size - 0.5)
            chosen = list(range(0, settings.size, -(-settings.size // most)))
            axis.ticker = FixedTicker(ticks=chosen)
            axis.major_label_overrides = {k: number(settings[k], digits=3) for k in chosen}
            axis.axis_label = label
        self._bar.title = f"{name} [{units}]" if units else name
        say(self._reading, units)
        for formatter, label in zip(self._settings, (x_label or "x", y_label or "y"), strict=True):
            say(formatter, "", 4, label)
        self.mark(**self._marked)

    def mark(
        self,
        current: tuple[float, float] | None = None,
        best: tuple[float, float] | None = None,
        likeliest: tuple[float, float] | None = None,
    ) -> None:
        """Mark the current settings, those with the best score, and those of greatest likelihood; None marks nothing.

        Settings beyond the surface are not marked.

        Raises
        ------
        RuntimeError
            If no surface has been shown yet.
        """
        if self.figure is None:
            raise RuntimeError("settings were marked on a figure that shows no surface yet")
        self._marked = {"current": current, "best": best, "likeliest": likeliest}
        legend = []
        for (name, look), place in zip(_MARKERS.items(), (current, best, likeliest), strict=True):
            column_, row = (np.nan, np.nan) if place is None else (_cell(self._x, place[0]), _cell(self._y, place[1]))
            shown = bool(np.isfinite(column_) and np.isfinite(row))
            self._marks[name].data = {"x": [column_] if shown else [], "y": [row] if shown else []}
            legend += [f"{look[0]}&nbsp;{name.replace(' ', '&nbsp;')}"] if shown else []
        self._legend.object = "&emsp; ".join(legend)

    def _build(self, score: np.ndarray) -> None:
        height, width = score.shape
        bounds = (-0.5, -0.5, width - 0.5, height - 0.5)
        self._reading = reading("")
        self._settings = [reading(digits=4) for _ in range(2)]
        hover = HoverTool(
            tooltips=[("score", "@image{custom}"), ("at", "@at_x{custom}"), ("", "@at_y{custom}")],
            formatters={"@image": self._reading, "@at_x": self._settings[0], "@at_y": self._settings[1]},
        )
        image = hv.Image(score[::-1], bounds=bounds, kdims=["setting_x", "setting_y"], vdims=["score"]).opts(
            clipping_colors={"NaN": MISSING},
            colorbar=True,
            colorbar_opts={"width": 12, "padding": 4, "formatter": linear_numbers()},
            tools=[hover],
            default_tools=[],
            toolbar=None,
            title="",
        )
        fig: figure = hv.render(image, backend="bokeh")
        fig.update(width=None, height=HEIGHT, sizing_mode="stretch_width", min_border_left=LEFT)
        source, mapper = fig.select_one({"type": ColumnDataSource}), fig.select_one({"type": ColorMapper})
        bar = fig.select_one({"type": ColorBar})
        assert isinstance(source, ColumnDataSource)
        assert isinstance(mapper, LinearColorMapper)
        assert isinstance(bar, ColorBar)
        self._image, self._mapper, self._bar = source, mapper, bar
        for name, (_symbol, marker, size, color) in _MARKERS.items():
            places = self._marks[name] = ColumnDataSource(data={"x": [], "y": []})
            look = Scatter(marker=marker, size=size, fill_color=color, line_color="black", line_width=1.5)
            if marker == "cross":  # which is a line: black with a white one on top
                look.line_width = 5
                fig.add_glyph(places, look)
                look = Scatter(marker=marker, size=size, line_color=color, line_width=2)
            fig.add_glyph(places, look)
        if self._on_tap is not None:
            fig.on_event(Tap, self._on_click)
        self._marked = dict.fromkeys(("current", "best", "likeliest"))
        self.figure = self._pane.object = fig

    def _on_click(self, event: Event) -> None:
        assert isinstance(event, Tap)
        if event.x is None or event.y is None or self._on_tap is None:
            return
        column_, row = round(event.x), round(event.y)
        if 0 <= column_ < self._x.size and 0 <= row < self._y.size:
            self._on_tap(float(self._x[column_]), float(self._y[row]))


def _cell(settings: np.ndarray, value: float) -> float:
    """Return where a setting lies on an axis that counts cells, between two cells too; NaN beyond the axis."""
    count = np.arange(settings.size)
    if settings.size == 1:
        return 0.0 if value == settings[0] else np.nan
    logarithmic = settings[0] > 0 and value > 0 and np.ptp(np.diff(np.log(settings))) < np.ptp(np.diff(settings))
    if logarithmic:
        settings, value = np.log(settings), np.log(value)
    half = (settings[1] - settings[0]) / 2, (settings[-1] - settings[-2]) / 2
    if not settings[0] - half[0] <= value <= settings[-1] + half[1]:
        return np.nan
    edges = np.r_[settings[0] - half[0], settings, settings[-1] + half[1]]
    return float(np.interp(value, edges, np.r_[-0.5, count, settings.size - 0.5]))

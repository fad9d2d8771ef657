"""Truth, analysis and its error against place and time, for states along a ring or a line."""

from collections.abc import Sequence

import numpy as np
import panel as pn
from bokeh.models import BasicTicker, ColumnDataSource, HoverTool, Image, LinearColorMapper, Range1d
from bokeh.models.annotations.labels import Title
from bokeh.models.annotations.legends import ColorBar
from bokeh.plotting import figure

from dashboard.plots.axes import set_limits
from dashboard.plots.numbers import linear_numbers
from dashboard.plots.race.frame import (
    MOST_CELLS,
    Notice,
    calm,
    drawn,
    finite,
    grid,
    race_figure,
    require_configured,
    value_hover,
    with_units,
)
from dashboard.theme import DIVERGING, FieldStyle

PANELS = ("truth", "analysis", "error")
#: Fewest cycles that the time axis has; from there it doubles until it holds the window.
FEWEST = 25


class Hovmoller:
    """Three images side by side, time upwards, replaced while they are shown.

    Parameters
    ----------
    height
        Pixels.
    window
        How many of the last cycles are shown.
    """

    def __init__(self, height: int = 360, window: int = 200) -> None:
        self._height, self._window = height, window
        self._shown: tuple | None = None
        self._follow: tuple[float, float] | None = None
        self._follow_error: tuple[float, float] | None = None
        self._mappers: dict[str, LinearColorMapper] = {}
        self.pane = grid(least=260, columns_at_most=len(PANELS))

    def configure(
        self,
        size: int,
        name: str = "state",
        units: str = "",
        x_label: str = "point",
        x_range: tuple[float, float] | None = None,
        limits: tuple[float, float] | None = None,
        error_limit: float | None = None,
        style: FieldStyle | None = None,
    ) -> None:
        """Take over another system, and clear the images.

        Parameters
        ----------
        size
            Number of points n.
        name, units
            Of the state.
        x_label, x_range
            Of the places, and the outer edges of the first and the last; by default points are counted from 0.
        limits
            Values at both ends of the colours of truth and analysis; by default they follow the truth.
        error_limit
            Value at the upper end of the colours of the error, which are symmetric; by default it follows the error.
        style
            Colours of truth and analysis.
        """
        self._size, self._limits, self._error_limit = size, limits, error_limit
        self._labels, self._x_range = (name, units, x_label), x_range or (-0.5, size - 0.5)
        self._style = style or FieldStyle()
        self._build()

    def set_window(self, window: int) -> None:
        """Show so many of the last cycles."""
        self._window = window
        if self._shown is not None:
            self.show(*self._shown)

    def show(self, cycles: Sequence[int] | np.ndarray, truth: np.ndarray, analysis: np.ndarray) -> None:
        """Replace the images.

        Parameters
        ----------
        cycles
            Numbers of the cycles, (K,), increasing.
        truth, analysis
            States (K, n); NaN where there is none.

        Raises
        ------
        ValueError
            If the shapes do not agree.
        """
        require_configured(self)
        numbers = np.asarray(cycles)
        for name, states in (("truth", truth), ("analysis", analysis)):
            if np.shape(states) != (numbers.size, self._size):
                raise ValueError(f"{name}: shape {np.shape(states)}, expected {(numbers.size, self._size)}")
        self._shown = (cycles, truth, analysis)
        chosen, step = drawn(numbers, self._window, MOST_CELLS)
        for notice in self._notices.values():
            notice.show(not chosen.size)
        if not chosen.size:
            return
        # One row for each block of cycles, so that cycles that are missing leave a gap.
        block = numbers[chosen] // step
        rows = block - block[0]
        across = slice(None, None, -(-self._size // MOST_CELLS))
        images = {}
        for name, states in (("truth", truth), ("analysis", analysis)):
            images[name] = np.full((rows[-1] + 1, len(range(self._size)[across])), np.nan, np.float32)
            images[name][rows] = finite(states[chosen, across])
        images["error"] = images["analysis"] - images["truth"]
        first = block[0] * step - 0.5
        where = {"x": [self._x_range[0]], "y": [first], "dw": [self._x_range[1] - self._x_range[0]]}
        for name, image in images.items():
            self._sources[name].data = {"image": [image], **where, "dh": [len(image) * step]}
        self._color(images["truth"], images["error"])
        length = FEWEST
        while length < min(self._window, numbers[-1] + 0.5 - first):
            length *= 2
        end = numbers[-1] + 0.5
        start = max(end - self._window, first)
        set_limits(self._y_range, float(start), float(max(end, start + min(length, self._window))))

    def clear(self) -> None:
        """Take everything away."""
        require_configured(self)
        self._shown = self._follow = self._follow_error = None
        for panel, source in self._sources.items():
            source.data = {key: [] for key in source.data}
            self._notices[panel].show(True)
        set_limits(self._y_range, 0.0, float(FEWEST))

    def _color(self, truth: np.ndarray, error: np.ndarray) -> None:
        with np.errstate(all="ignore"):
            known, wrong = truth[np.isfinite(truth)], np.abs(error[np.isfinite(error)])
        if self._limits is None and known.size:
            self._follow = calm(self._follow, float(known.min()), float(known.max()))
        if self._error_limit is None and wrong.size:
            # A burst that is over would make all the rest grey.
            self._follow_error = calm(self._follow_error, 0.0, float(np.quantile(wrong, 0.98)) or 1e-6)
        low, high = self._limits or self._follow or (0.0, 1.0)
        most = self._error_limit or (self._follow_error or (0.0, 1.0))[1]
        self._mappers["state"].update(low=low, high=high)
        self._mappers["error"].update(low=-most, high=most)

    def _build(self) -> None:
        self._shown = self._follow = self._follow_error = None
        name, units, x_label = self._labels
        self._mappers = {
            "state": LinearColorMapper(palette=list(self._style.palette), low=0, high=1, nan_color="rgba(0, 0, 0, 0)"),
            "error": LinearColorMapper(palette=list(DIVERGING), low=-1, high=1, nan_color="rgba(0, 0, 0, 0)"),
        }
        self._y_range = Range1d(start=0, end=FEWEST)
        x_range = Range1d(start=self._x_range[0], end=self._x_range[1])
        self._sources: dict[str, ColumnDataSource] = {}
        self._notices: dict[str, Notice] = {}
        self.figures: dict[str, figure] = {}
        for panel in PANELS:
            fig = race_figure(self._height, x_label, "cycle", tools="pan,wheel_zoom,reset,save")
            fig.update(x_range=x_range, y_range=self._y_range, min_border_left=50)
            mapper = self._mappers["error" if panel == "error" else "state"]
            empty: dict[str, list] = {key: [] for key in ("image", "x", "y", "dw", "dh")}
            self._sources[panel] = ColumnDataSource(data=empty)
            image = fig.add_glyph(
                self._sources[panel], Image(image="image", x="x", y="y", dw="dw", dh="dh", color_mapper=mapper)
            )
            fig.title = Title(text=with_units("analysis − truth" if panel == "error" else panel, units))
            fig.add_layout(ColorBar(color_mapper=mapper, width=10, padding=4, formatter=linear_numbers()), "right")
            fig.grid.visible = False
            fig.xaxis.ticker = BasicTicker(desired_num_ticks=4)
            hover = HoverTool(
                renderers=[image],
                tooltips=[(with_units(name, "") if panel != "error" else "error", "@image{custom}"),
                          (x_label, "$x{0.[0]}"), ("cycle", "$y{0}")],
            )  # fmt: skip
            hover.formatters = {"@image": value_hover(units)}
            fig.add_tools(hover)
            self._notices[panel] = Notice(fig)
            self.figures[panel] = fig
        self.pane.objects = [pn.pane.Bokeh(fig, sizing_mode="stretch_width", margin=0) for fig in self.figures.values()]

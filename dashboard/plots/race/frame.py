"""What the figures of a race share: the methods' colours, which cycles are drawn, calm limits, and a notice when empty."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, CustomJSHover, LinearScale, Range1d, Text, WheelZoomTool
from bokeh.models.annotations.legends import Legend, LegendItem
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from backends.pictures.style import METHOD_COLOURS
from dashboard.plots.axes import plain_figure
from dashboard.plots.numbers import reading
from dashboard.theme import NEUTRAL

Quantity = Literal["analysis", "background", "spread"]
#: Dashes and width of the line of each quantity, in the colour of its method.
LINE_STYLES: dict[Quantity, tuple[tuple[int, ...], float]] = {
    "analysis": ((), 2.0),
    "background": ((), 0.8),
    "spread": ((5, 3), 1.5),
}

#: As many as there are colours.
METHOD_MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "hex")
#: Points of a line, rows and columns of an image: more are no more than the screen shows.
MOST_POINTS, MOST_CELLS = 600, 220
#: Characters of a method's label that there is room for in a legend.
LABEL_LENGTH = 20
#: What a figure says before the first cycle.
NOTHING = "no cycle is drawn yet"

#: Of a box whose content may be higher than the window: by default Bokeh makes none higher, so that what follows lies upon it.
ANY_HEIGHT = {"max-height": "none"}
#: Panel puts a button into each column, which nobody sees; where figures come later than it, it would take the first place.
_NO_PLACE = ".scroll-button { position: absolute; }"

_UNIT = "unit"
#: Bokeh's own lays a white veil over the whole width of the frame, which also keeps the pointer from what is below.
_TOOLBAR = ":host(.bk-inner) { background-color: transparent; opacity: 1; pointer-events: none; } * { pointer-events: auto; }"


def method_colour(place: int) -> str:
    """Return the colour of the method at a place in the list of all methods; beyond the sixth they begin again."""
    return METHOD_COLOURS[place % len(METHOD_COLOURS)]


def method_marker(place: int) -> str:
    """Return the marker of the method at a place, for who does not see its colour."""
    return METHOD_MARKERS[place % len(METHOD_MARKERS)]


def short(label: str) -> str:
    """Return a label that fits into a legend."""
    return label if len(label) <= LABEL_LENGTH else f"{label[: LABEL_LENGTH - 1]}…"


def with_units(name: str, units: str) -> str:
    """Return ``name [units]``, or the name alone where there are none."""
    return f"{name} [{units}]" if units else name


def drawn(cycles: np.ndarray, window: int, most: int = MOST_POINTS) -> tuple[np.ndarray, int]:
    """Return which of the cycles are drawn, and how many cycles each stands for.

    The last `window` cycles are divided into at most about `most` blocks, and of each the last cycle is drawn. Blocks begin
    at multiples of their length, so that points stay where they are while new ones come; the newest is always drawn.

    Parameters
    ----------
    cycles
        Numbers of the cycles, (K,), increasing.
    window
        How many of the last are wanted.
    most
        Blocks.
    """
    if not cycles.size:
        return np.empty(0, dtype=int), 1
    first = int(np.searchsorted(cycles, cycles[-1] - window, side="right"))
    step = max(math.ceil((cycles[-1] - cycles[first] + 1) / most), 1)
    block = cycles[first:] // step
    last = np.r_[block[1:] != block[:-1], True]
    return first + np.flatnonzero(last), step


def finite(values: np.ndarray) -> np.ndarray:
    """Return the values in single precision, which halves what is sent; NaN for those that cannot be drawn."""
    with np.errstate(over="ignore"):
        single = np.asarray(values).astype(np.float32)
    return np.where(np.isfinite(single), single, np.float32(np.nan))


def calm(old: tuple[float, float] | None, low: float, high: float, least: float = 0.45) -> tuple[float, float]:
    """Return limits that hold all from `low` to `high`: the old ones unless these are left, or filled to less than `least`.

    Without any finite value, the old limits or 0 to 1.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return old or (0.0, 1.0)
    if old is not None and old[0] <= low and high <= old[1] and high - low >= least * (old[1] - old[0]):
        return old
    if high <= low:
        low, high = low - (abs(low) * 0.1 or 0.5), high + (abs(high) * 0.1 or 0.5)
    margin = 0.15 * (high - low)
    step = 10 ** math.floor(math.log10(high - low)) / 5
    return math.floor((low - margin) / step) * step, math.ceil((high + margin) / step) * step


def race_figure(
    height: int, x_label: str, y_label: str, tools: str = "xpan,xwheel_zoom,reset,save", log_y: bool = False
) -> figure:
    """Return an empty figure that zooms by the wheel and has ranges called ``unit``, from 0 to 1 across its frame."""
    fig = plain_figure(height, x_label, y_label, log_y=log_y, tools=tools)
    fig.toolbar_inner = True  # many figures share the page: a row of tools over each would take a tenth of it
    fig.toolbar.autohide = True
    fig.toolbar.stylesheets = [_TOOLBAR]
    wheel = next((tool for tool in fig.tools if isinstance(tool, WheelZoomTool)), None)
    if wheel is not None:
        fig.toolbar.active_scroll = wheel
    fig.extra_x_ranges = {_UNIT: Range1d(start=0, end=1)}
    fig.extra_y_ranges = {_UNIT: Range1d(start=0, end=1)}
    fig.extra_x_scales = {_UNIT: LinearScale()}
    fig.extra_y_scales = {_UNIT: LinearScale()}
    return fig


def require_configured(plot: object) -> None:
    """Make sure that a plot has been told what system it shows.

    Raises
    ------
    RuntimeError
        If its `configure` has not been called.
    """
    if not (hasattr(plot, "figure") or hasattr(plot, "figures")):
        raise RuntimeError(f"{type(plot).__name__}: configure() comes first, because it says what is shown")


class Notice:
    """Words in the middle of a figure that shows nothing."""

    def __init__(self, fig: figure, text: str = NOTHING) -> None:
        self._text = text
        self.source = ColumnDataSource(data={"x": [0.5], "y": [0.5], "text": [text]})
        words = Text(
            x="x", y="y", text="text", text_align="center", text_baseline="middle", text_color=NEUTRAL, text_font_size="14px"
        )
        fig.add_glyph(self.source, words, x_range_name=_UNIT, y_range_name=_UNIT)

    @property
    def shown(self) -> bool:
        """Whether the words are there."""
        return bool(len(self.source.data["x"]))

    def show(self, there: bool) -> None:
        """Show the words, or take them away."""
        if there != self.shown:
            self.source.data = {"x": [0.5] * there, "y": [0.5] * there, "text": [self._text] * there}


def legend(
    fig: figure,
    entries: Sequence[tuple[str, list[GlyphRenderer]]],
    place: Literal["above", "right"] = "above",
    columns: int = 0,
) -> list[LegendItem]:
    """Put a legend outside the frame, whose entries hide by a click what they name; return the entries.

    Parameters
    ----------
    fig
        The figure.
    entries
        Names with what they stand for.
    place
        In a row above the frame or in a column beside it.
    columns
        How many entries lie side by side above the frame; 0: all.
    """
    items = [
        LegendItem(label={"value": short(name)}, renderers=[part for shown in renderers for part in _signed(fig, shown)])
        for name, renderers in entries
    ]
    box = Legend(
        items=items,
        orientation="horizontal" if place == "above" else "vertical",
        location="left" if place == "above" else "top_left",
        click_policy="hide",
        margin=2,
        spacing=4,
        border_line_alpha=0,
        background_fill_alpha=0,
        inactive_fill_color=NEUTRAL,  # a veil that is seen on light and dark paper
        inactive_fill_alpha=0.45,
    )
    if columns:
        box.ncols = columns
    fig.add_layout(box, place)
    return items


def _signed(fig: figure, renderer: GlyphRenderer) -> list[GlyphRenderer]:
    """Return what a legend shows of glyphs: where there are none yet, the same one at no place, or there would be no sign."""
    source = renderer.data_source
    if not isinstance(source, ColumnDataSource) or any(len(column) for column in source.data.values()):
        return [renderer]
    nowhere = ColumnDataSource(data={name: [np.nan] for name in source.column_names})
    sign = GlyphRenderer(data_source=nowhere, glyph=renderer.glyph)
    fig.renderers.append(sign)
    return [renderer, sign]


def value_hover(units: str = "", digits: int = 4) -> CustomJSHover:
    """Return what writes a value with its unit in fewer digits than maps have."""
    return reading(units, digits)


def columns(least: int, most: int) -> dict[str, str]:
    """Return the styles of a box with at most so many columns of equal width, each at least so many pixels wide."""
    width = f"min(max({least}px, {100 / (most + 0.5):.1f}%), 100%)"
    return {"display": "grid", "grid-template-columns": f"repeat(auto-fit, minmax({width}, 1fr))", **ANY_HEIGHT}


def grid(*panes: pn.viewable.Viewable, least: int = 260, columns_at_most: int = 0) -> pn.Column:
    """Return a box with columns of equal width, each at least so many pixels wide, by default as many as panes."""
    return pn.Column(
        *panes,
        sizing_mode="stretch_width",
        margin=0,
        styles=columns(least, columns_at_most or len(panes)),
        stylesheets=[_NO_PLACE],
    )

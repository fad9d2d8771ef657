"""What the small figures share: a plain figure that follows the theme, its limits, and its legend."""

from collections.abc import Sequence

import numpy as np
from bokeh.models import ColumnDataSource, LogAxis, Range, Range1d
from bokeh.models.annotations.legends import Legend, LegendItem
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from backends.pictures.style import DASHES
from dashboard.plots.numbers import linear_numbers, logarithmic_numbers
from dashboard.theme import NEUTRAL

#: Pixels from the figure's edge to its frame on either side, so that figures above each other line up.
LEFT, RIGHT = 74, 14


def plain_figure(
    height: int, x_label: str, y_label: str, log_x: bool = False, log_y: bool = False, x_range: Range | None = None,
    tools: str = "",
) -> figure:  # fmt: skip
    """Return an empty figure as wide as its box; colours of axes, grid and text are left to the theme.

    Parameters
    ----------
    height
        Pixels.
    x_label, y_label
        Of the axes.
    log_x, log_y
        Whether an axis is logarithmic.
    x_range
        Of another figure, if both are to pan and zoom together.
    tools
        Bokeh's names of tools. Without any, the figure has no toolbar.
    """
    fig = figure(
        height=height,
        sizing_mode="stretch_width",
        x_range=Range1d(start=0.1, end=1) if x_range is None else x_range,
        y_range=Range1d(start=0.1, end=1),
        x_axis_type="log" if log_x else "linear",
        y_axis_type="log" if log_y else "linear",
        x_axis_label=x_label,
        y_axis_label=y_label,
        tools=tools,
        toolbar_location="above" if tools else None,
        min_border_left=LEFT,
        min_border_right=RIGHT,
    )
    fig.toolbar.logo = None
    for axis in (*fig.xaxis, *fig.yaxis):
        if isinstance(axis, LogAxis):
            axis.ticker.num_minor_ticks = 0
            axis.update(formatter=logarithmic_numbers())
        else:
            axis.update(formatter=linear_numbers())
    return fig


def set_limits(axis: object, low: float, high: float) -> None:
    """Set the ends of a :class:`Range1d`, unless they are the same as last time: a person's zoom is kept then."""
    assert isinstance(axis, Range1d)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"limits of an axis: {low} to {high}, expected two finite numbers, the lower one first")
    if (axis.reset_start, axis.reset_end) != (low, high):
        axis.update(start=low, end=high, reset_start=low, reset_end=high)


def replace_columns(source: ColumnDataSource, data: dict[str, np.ndarray]) -> None:
    """Give a source other data, and tell the browser of those columns alone that have changed.

    Not for a source whose data the browser changes without telling, as while a point is dragged.
    """
    known = source.data
    if known.keys() != data.keys() or any(np.shape(known[name]) != values.shape for name, values in data.items()):
        source.data = data
        return
    changed = {name: values for name, values in data.items() if not np.array_equal(known[name], values, equal_nan=True)}
    if changed:
        known.update(changed)


def log_limits(*values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Return limits for a logarithmic axis that hold all positive values with a margin, at least a decade apart."""
    positive = np.concatenate([np.ravel(np.asarray(v, dtype=float)) for v in values])
    positive = positive[np.isfinite(positive) & (positive > 0)]
    if not positive.size:
        return 0.1, 1.0
    low, high = np.log10(positive.min()), np.log10(positive.max())
    margin = max(0.08 * (high - low), (1 - (high - low)) / 2, 0.05)
    return float(10 ** (low - margin)), float(10 ** (high + margin))


def column(name: str, values: Sequence[float] | np.ndarray | None, size: int | None = None) -> np.ndarray:
    """Return a one-dimensional array of floats; NaN everywhere for None.

    Raises
    ------
    ValueError
        If it has another shape than (size,).
    """
    if values is None:
        return np.full(size or 0, np.nan)
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or (size is not None and array.size != size):
        raise ValueError(f"{name}: shape {array.shape}, expected {'one dimension' if size is None else (size,)}")
    return array


def dashes(of: str, width: float) -> list[int]:
    """Return the dashes of a line so many pixels wide, by what it is of; see :data:`backends.pictures.style.DASHES`."""
    return [round(width * length) for length in DASHES[of]]


def positive(values: np.ndarray) -> np.ndarray:
    """Return the values with NaN for those that a logarithmic axis cannot show."""
    return np.where(values > 0, values, np.nan)


def dashed_line(fig: figure) -> tuple[GlyphRenderer, ColumnDataSource]:
    """Add a dashed grey line, which the legend can name, and return it with its two ends ``x`` and ``y``."""
    source = ColumnDataSource(data={"x": [], "y": []})
    return fig.line("x", "y", source=source, color=NEUTRAL, line_dash="dashed", line_width=1.5), source


def legend_above(fig: figure, entries: dict[str, list[GlyphRenderer]]) -> dict[str, LegendItem]:
    """Put a legend above the frame, where it hides no data, and return its entries by name."""
    items = {name: LegendItem(label=name, renderers=renderers) for name, renderers in entries.items()}
    legend = Legend(
        items=list(items.values()),
        orientation="horizontal",
        location="left",
        margin=2,
        spacing=10,
        border_line_alpha=0,
        background_fill_alpha=0,
    )
    fig.add_layout(legend, "above")
    return items

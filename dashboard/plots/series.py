"""A variable along time at picked places."""

from collections.abc import Sequence

import holoviews as hv
import numpy as np
from bokeh.models import HoverTool

from backends.fields.field import Axis, Series
from backends.pictures.field import place_label
from dashboard.plots.numbers import linear_numbers, reading

SERIES_HEIGHT = 260


def position(axis: Axis, index: int) -> np.datetime64 | int:
    """Return where an index of the axis lies on the plot: its time, or its number where the axis has no dates."""
    return index if axis.times is None else axis.times[index]


def drawn_at(axis: Axis) -> np.ndarray:
    """Return where the indices of the axis lie in the figure of :func:`series_plot`, (n,); times as milliseconds since 1970."""
    return np.arange(float(len(axis))) if axis.times is None else axis.times.astype("datetime64[ms]").astype(float)


def series_plot(series: Sequence[Series], colors: Sequence[str], current: int, name: str, units: str) -> hv.Overlay:
    """Return one line per place, in the colour of its point, and a vertical line at the time that the map shows.

    Parameters
    ----------
    series
        At least one, all of one variable.
    colors
        One per series.
    current
        The index on the time axis that the map shows.
    name, units
        Of the variable.
    """
    axis = series[0].axis
    x = [position(axis, k) for k in range(len(axis))]
    time = hv.Dimension("series_time", label="time (UTC)" if axis.times is not None else axis.name)
    value = hv.Dimension("series_value", label=name, unit=units)
    hover = HoverTool(
        tooltips=[("", "@place"), ("time", "@label"), ("value", "@series_value{custom}")],
        formatters={"@series_value": reading(units)},
        mode="mouse",
    )
    lines = [
        hv.Curve(
            {"series_time": x, "series_value": s.values, "label": list(axis.labels), "place": [place_label(s)] * len(x)},
            kdims=[time],
            vdims=[value, "label", "place"],
        ).opts(color=color, line_width=2, tools=[hover], default_tools=["xpan", "xwheel_zoom", "reset"])
        for s, color in zip(series, colors, strict=True)
    ]
    now = hv.VLine(position(axis, current)).opts(color="gray", line_dash="dashed", line_width=1.5)
    return hv.Overlay([*lines, now]).opts(
        height=SERIES_HEIGHT,
        responsive=True,
        show_legend=False,
        toolbar="above",
        title="",
        padding=(0.02, 0.1),
        shared_axes=False,
        xlabel="",
        ylabel=units,
        yformatter=linear_numbers(),
        backend_opts={"plot.toolbar.logo": None},
    )

"""What the figures of skill share: logarithmic axes with plain numbers, calm limits on them, and legends."""

from collections.abc import Sequence

import numpy as np
from bokeh.models import FixedTicker, LogAxis, LogScale
from bokeh.models.annotations.legends import LegendItem
from bokeh.models.axes import Axis
from bokeh.plotting import figure

from dashboard.plots.axes import log_limits
from dashboard.plots.numbers import logarithmic_numbers

#: Heights of a figure, and of one of many small ones.
HEIGHT, SMALL = 270, 190
#: What a figure says that has nothing to show.
NOTHING = "nothing after the spin-up yet"
_TICKS = [digit * 10.0**power for power in range(-8, 9) for digit in (1, 2, 5)]


def plain_ticks(axis: Axis) -> None:
    """Label a logarithmic axis at 1, 2, 5, 10, …: what is about one often spans less than a decade."""
    axis.ticker = FixedTicker(ticks=_TICKS, minor_ticks=[])
    axis.formatter = logarithmic_numbers()


def log_across(fig: figure) -> None:
    """Make the horizontal axis of a figure logarithmic."""
    axis = LogAxis(axis_label=fig.xaxis.axis_label)
    plain_ticks(axis)
    fig.xgrid[0].axis = axis
    fig.below = [axis]
    fig.x_scale = LogScale()


def entries(fig: figure, labels: Sequence[str]) -> dict[str, LegendItem]:
    """Return the first entries of a figure's legend by the labels of the methods that they are of."""
    items = [item for item in fig.legend[0].items if isinstance(item, LegendItem)]
    return dict(zip(labels, items, strict=False))


def calm_log(old: tuple[float, float] | None, *values: np.ndarray) -> tuple[float, float]:
    """Return limits of a logarithmic axis: the old ones unless these are left, or filled to less than half."""
    low, high = log_limits(*values)
    if old is None:
        return low, high
    known = np.concatenate([np.ravel(v) for v in values])
    known = known[np.isfinite(known) & (known > 0)]
    if not known.size:
        return old
    inside = old[0] <= known.min() and known.max() <= old[1]
    return old if inside and np.log(high / low) > 0.5 * np.log(old[1] / old[0]) else (low, high)

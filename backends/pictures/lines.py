"""Drawing a panel of curves, bars and points, or of cells over two axes, with matplotlib."""

import math
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from backends.pictures.drawing import Curve, LinePanel, PlanePanel, Points
from backends.pictures.style import MARKERS, MISSING, NEUTRAL, REJECTED, SUPERSCRIPT

#: Digits that are written between two powers of ten.
BETWEEN = (2, 3, 5, 7)
#: Markers along a curve, at most, and the width of curves that are too thin to have any.
ALONG, THIN = 8, 1.0


def draw_lines(ax: Any, panel: LinePanel, wide: bool) -> None:
    """Draw a panel into its axes; with a whole row to itself its legend has room above it."""
    for bars in panel.bars:
        put = ax.barh if bars.flat else ax.bar
        put(bars.left, bars.top, bars.right - bars.left, align="edge", color=bars.colour, alpha=0.6, label=bars.label)
    for curve in panel.curves:
        if curve.low is not None and curve.high is not None:
            ax.fill_between(curve.x, curve.low, curve.high, color=curve.colour, alpha=0.18, linewidth=0, label=curve.label)
        else:
            look = _marker(curve, panel) | ({"dashes": curve.dashes} if curve.dashes else {})
            ax.plot(curve.x, curve.y, curve.style, color=curve.colour, linewidth=curve.width, label=curve.label, **look)
    if panel.points is not None and len(panel.points.x):
        _points(ax, panel.points)
    ax.set(xlabel=panel.x_label, ylabel=panel.y_label)
    if panel.log:
        ax.set_yscale("log")
        _number_decades(ax.yaxis)
    if panel.log_x:
        ax.set_xscale("log")
        _number_decades(ax.xaxis)
    if panel.y_limits is not None:
        ax.set_ylim(panel.y_limits)
    if any(curve.x.dtype.kind == "M" for curve in panel.curves):
        locator = AutoDateLocator(maxticks=8)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    if panel.downward:
        ax.invert_yaxis()
    ax.margins(x=0.01)
    ax.grid(alpha=0.25)
    for place, words in panel.marks:
        ax.axvline(place, color=NEUTRAL, linestyle=":", linewidth=1)
        ax.annotate(words, (place, 1), xycoords=("data", "axes fraction"), xytext=(2, -3), textcoords="offset points",
                    rotation=90, va="top", fontsize=6.5, color=NEUTRAL, annotation_clip=True)  # fmt: skip
    _legend(ax, panel.title, wide)


def _marker(curve: Curve, panel: LinePanel) -> dict[str, Any]:
    """Return the marker of a curve and where it is, beside those of other colours; nothing where there are none."""
    colours = list(dict.fromkeys(c.colour for c in panel.curves if _marked(c)))
    if not _marked(curve) or len(colours) < 2:
        return {}
    known = np.flatnonzero(np.isfinite(curve.y))
    at = known
    if len(known) > ALONG:
        # Curves of other colours have theirs at other places, so that none lies under another.
        part = (np.arange(ALONG) + colours.index(curve.colour) / len(colours)) / ALONG
        at = known[(len(known) ** part if panel.log_x else part * len(known)).astype(int) - int(panel.log_x)]
    return {"marker": MARKERS[curve.colour], "markersize": 4.5, "markevery": np.unique(at).tolist()}


def _marked(curve: Curve) -> bool:
    """Return whether a curve is one that is told from others by its colour."""
    band = curve.low is not None and curve.high is not None
    return not band and not curve.dashes and curve.style in ("-", "--") and curve.width >= THIN and curve.colour in MARKERS


def draw_plane(figure: Figure, ax: Any, panel: PlanePanel) -> None:
    """Draw cells into axes; in SVG they are pixels, as of many a program chokes on."""
    times = panel.y.dtype.kind == "M"
    y = date2num(panel.y) if times else panel.y
    colours = ListedColormap(panel.palette).with_extremes(bad=MISSING)
    low, high = panel.limits
    cells = ax.pcolormesh(
        panel.x, y, np.ma.masked_invalid(panel.values), cmap=colours, vmin=low, vmax=high, shading="nearest", rasterized=True,
    )  # fmt: skip
    ax.set_facecolor(MISSING)
    ax.set(xlabel=panel.x_label, ylabel=panel.y_label)
    if times:
        ax.yaxis_date()
    if panel.log:
        ax.set_yscale("log")
        _number_decades(ax.yaxis)
    if panel.downward:
        ax.invert_yaxis()
    figure.colorbar(cells, ax=ax, label=panel.label, shrink=0.85, pad=0.02)


def _number_decades(axis: Any) -> None:
    """Write numbers as text: matplotlib's own are formulas. Within less than a decade some between the powers, too."""

    def between(value: float, _place: int | None) -> str:
        low, high = sorted(axis.get_view_interval())
        digit = value / 10 ** math.floor(math.log10(value)) if value > 0 else 0
        return _number(value) if high < 10 * low and round(digit) in BETWEEN else ""

    axis.set_major_formatter(lambda value, _place: _number(value))
    axis.set_minor_formatter(between)


def _number(value: float) -> str:
    """Return a number on a logarithmic axis: ``0.01``, ``500``, ``10⁻⁶``."""
    if 1e-3 <= value < 1e5:
        return f"{value:g}"
    digit, power = f"{value:.0e}".split("e")
    return ("" if digit == "1" else f"{digit}·") + f"10{str(int(power)).translate(SUPERSCRIPT)}"


def _points(ax: Any, points: Points) -> None:
    out = np.zeros(len(points.x), dtype=bool) if points.rejected is None else points.rejected
    look: dict[str, Any] = {"marker": "o", "markersize": 4, "linestyle": "none", "color": points.colour, "zorder": 3}
    if points.error:
        ax.errorbar(points.x[~out], points.y[~out], points.error, elinewidth=0.8, label=points.label, **look)
    else:
        ax.plot(points.x[~out], points.y[~out], label=points.label, **look)
    if out.any():
        ax.plot(points.x[out], points.y[out], marker="x", linestyle="none", color=REJECTED, label="rejected", zorder=3)


def _legend(ax: Any, title: str, wide: bool) -> None:
    entries = len(ax.get_legend_handles_labels()[0])
    if entries and wide:
        ax.set_title("")
        ax.set_title(title, loc="left")
        ax.legend(fontsize=8, ncols=entries, loc="lower right", bbox_to_anchor=(1, 1), frameon=False)
    elif entries:
        ax.legend(fontsize=8, ncols=max(1, math.ceil(entries / 3)), framealpha=0.85)

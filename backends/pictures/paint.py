"""Drawing a picture with matplotlib, as PNG or as SVG whose texts are texts; not to be entered by two threads at once."""

import math
from io import BytesIO
from textwrap import fill
from typing import Any, Literal

import matplotlib
import numpy as np
import torch
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from backends.fields.overlays.asked import Overlay
from backends.geometry.projections import Projection
from backends.geometry.projections.lines import graticule, project_lines
from backends.pictures.coastlines import all_coastlines, coastlines
from backends.pictures.drawing import Drawing, LinePanel, MapPanel, Points
from backends.pictures.style import MISSING, REJECTED

Kind = Literal["png", "svg"]
#: Inches across of one panel, and of several in a row each.
ALONE, BESIDE = 9.0, 5.4
#: Height over width of a panel with curves; the least and greatest of one with a map.
CURVES, FLATTEST, TALLEST = 0.42, 0.3, 1.3
#: Lines over a map.
LINE = "#111111"
#: Dots per inch of PNG.
DPI = 144
#: Characters of the title in a line, per inch.
CHARACTERS = 8
#: Names and values are a user's: a dollar must not begin a formula. Texts stay texts, and equal pictures are equal files.
SETTINGS: Any = {
    "text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "assimilab", "font.size": 9, "axes.titlesize": 10,
}  # fmt: skip


def paint(drawing: Drawing, kind: Kind) -> bytes:
    """Return a picture as the content of a file."""
    with matplotlib.rc_context(SETTINGS):
        figure = _figure(drawing)
        content = BytesIO()
        # A date would make each file another one.
        metadata = {"Date": None, "Title": drawing.title} if kind == "svg" else {"Title": drawing.title}
        figure.savefig(content, format=kind, dpi=DPI, metadata=metadata)
        return content.getvalue()


def _figure(drawing: Drawing) -> Figure:
    columns = min(drawing.columns, len(drawing.panels))
    rows = math.ceil(len(drawing.panels) / columns)
    width = ALONE if columns == 1 else BESIDE * columns
    share = sum(max(_shape(panel) for panel in drawing.panels[k * columns : (k + 1) * columns]) for k in range(rows))
    figure = Figure((width, 0.6 + 0.7 * rows + share * 0.8 * width / columns), layout="constrained")
    title = fill(drawing.title, int(CHARACTERS * width), break_long_words=True)
    figure.suptitle(title, fontsize=11)
    ratios = [max(_shape(panel) for panel in drawing.panels[k * columns : (k + 1) * columns]) for k in range(rows)]
    axes = figure.subplots(rows, columns, squeeze=False, height_ratios=ratios).ravel()
    for ax, panel in zip(axes, drawing.panels, strict=False):
        ax.set_title(fill(panel.title, int(CHARACTERS * width / columns * 1.2)))
        if isinstance(panel, MapPanel):
            _map(figure, ax, panel)
        else:
            _lines(ax, panel)
    for ax in axes[len(drawing.panels) :]:
        ax.set_visible(False)
    return figure


def _shape(panel: MapPanel | LinePanel) -> float:
    """Return height over width."""
    if isinstance(panel, LinePanel):
        return CURVES
    r = panel.edges
    if not panel.geographic:
        return 0.5
    return min(max((r.north - r.south) / (r.east - r.west) / _stretch(panel), FLATTEST), TALLEST)


def _stretch(panel: MapPanel) -> float:
    """Return how much wider than high a step is drawn: on degrees as they are in the middle of a map that is not the globe."""
    r = panel.edges
    if panel.projection is not None or r.north - r.south > 120:
        return 1.0
    return max(math.cos(math.radians((r.south + r.north) / 2)), 0.2)


def _map(figure: Figure, ax: Any, panel: MapPanel) -> None:
    r = panel.raster
    missing = (0, 0, 0, 0) if panel.projection is not None or not np.isfinite(r.values).any() else MISSING
    colours = ListedColormap(panel.palette).with_extremes(bad=missing)
    low, high = panel.limits
    aspect = 1 / _stretch(panel) if panel.geographic else "auto"
    image = ax.imshow(
        r.values, origin="lower", extent=(r.west, r.east, r.south, r.north), cmap=colours, vmin=low, vmax=high,
        interpolation="nearest", aspect=aspect,
    )  # fmt: skip
    if panel.projection is not None:
        _ground(ax, panel.projection)
        ax.axis("off")
    else:
        if panel.geographic:
            ax.plot(*coastlines(r.west, r.east, r.south, r.north).T, color="black", linewidth=0.7)
        ax.set(xlabel=panel.axes[0], ylabel=panel.axes[1])
    if panel.points is not None:
        _points_on_map(ax, panel.points, image)
    if panel.overlay is not None:
        _over(ax, panel.overlay)
    shown = panel.edges
    ax.set(xlim=(shown.west, shown.east), ylim=(shown.south, shown.north))
    figure.colorbar(image, ax=ax, label=panel.label, shrink=0.85, pad=0.02)


def _ground(ax: Any, projection: Projection) -> None:
    ax.fill(*projection.outline().numpy().T, facecolor="#e4e4e4", edgecolor="black", linewidth=0.8, zorder=-1)
    net, coast = graticule(), torch.from_numpy(np.ascontiguousarray(all_coastlines(False)))
    ax.plot(*project_lines(projection, net).numpy().T, color="black", alpha=0.25, linewidth=0.5)
    ax.plot(*project_lines(projection, coast).numpy().T, color="black", linewidth=0.7)


def _over(ax: Any, overlay: Overlay) -> None:
    """Draw contours, wind and the edges of triangles, dark with a light rim, to be seen on any colour."""
    lines, wind = overlay.contours, overlay.wind
    strokes: list[tuple[np.ndarray, str, float]] = []
    if lines is not None:
        strokes += [(lines.lines, "-", 0.8), (lines.negative, "--", 0.8)]
        for x, y, level in lines.labels:
            ax.text(x, y, f"{level:.7g}".replace("-", "−"), fontsize=6, ha="center", va="center", clip_on=True,
                    bbox={"color": "white", "alpha": 0.75, "pad": 0.5, "linewidth": 0})  # fmt: skip
    if wind is not None:
        strokes.append((wind.lines, "-", 0.8))
        ax.add_collection(PolyCollection(list(wind.filled), facecolors=LINE, edgecolors=LINE))
        ax.plot(*wind.calms.T, "o", markersize=4, markerfacecolor="none", color=LINE)
    if overlay.triangles is not None:
        strokes.append((overlay.triangles.edges, "-", 0.5))
    for points, style, width in strokes:
        if len(points):
            ax.plot(*points.T, color="white", alpha=0.7, linewidth=2.2 * width)
            ax.plot(*points.T, style, color=LINE, linewidth=width)


def _points_on_map(ax: Any, points: Points, image: Any) -> None:
    out = np.zeros(len(points.x), dtype=bool) if points.rejected is None else points.rejected
    size = float(np.clip(5000 / max(len(points.x), 1), 4, 26))
    # A size is an area in square points, of which there are 72 to an inch, and pixels 96.
    sizes = size if points.sizes is None else (0.75 * points.sizes[~out]) ** 2
    look: dict[str, Any] = {"s": sizes, "linewidths": 0.5, "zorder": 3}
    plain = points.values is None or not np.isfinite(points.values).any()
    fill_with: dict[str, Any] = (
        {"c": points.colour or "white"} if points.values is None or plain
        else {"c": points.values[~out], "cmap": image.cmap, "norm": image.norm, "plotnonfinite": True}
    )  # fmt: skip
    ax.scatter(points.x[~out], points.y[~out], edgecolors="black", label=points.label, **look, **fill_with)
    if out.any():
        ax.scatter(points.x[out], points.y[out], s=size, marker="x", color=REJECTED, label="rejected", linewidths=1, zorder=3)
    if points.label:
        ax.legend(loc="lower left", fontsize=7, framealpha=0.8)


def _lines(ax: Any, panel: LinePanel) -> None:
    for curve in panel.curves:
        if curve.low is not None and curve.high is not None:
            ax.fill_between(curve.x, curve.low, curve.high, color=curve.colour, alpha=0.18, linewidth=0, label=curve.label)
        else:
            ax.plot(curve.x, curve.y, curve.style, color=curve.colour, linewidth=1.6, label=curve.label)
    points = panel.points
    if points is not None and len(points.x):
        out = np.zeros(len(points.x), dtype=bool) if points.rejected is None else points.rejected
        look: dict[str, Any] = {"linestyle": "none", "color": points.colour, "zorder": 3}
        if points.error:
            ax.errorbar(
                points.x[~out],
                points.y[~out],
                points.error,
                marker="o",
                markersize=4,
                elinewidth=0.8,
                label=points.label,
                **look,
            )
        else:
            ax.plot(points.x[~out], points.y[~out], marker="o", markersize=4, label=points.label, **look)
        if out.any():
            ax.plot(points.x[out], points.y[out], marker="x", linestyle="none", color=REJECTED, label="rejected", zorder=3)
    ax.set(xlabel=panel.x_label, ylabel=panel.y_label)
    if panel.log:
        ax.set_yscale("log")
    if panel.y_limits is not None:
        ax.set_ylim(panel.y_limits)
    ax.margins(x=0.01)
    ax.grid(alpha=0.25)
    ax.legend(fontsize=8, ncols=max(1, math.ceil(len(ax.get_legend_handles_labels()[0]) / 3)), framealpha=0.85)

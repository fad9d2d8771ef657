"""Drawing a picture with matplotlib, as PNG or as SVG whose texts are texts; not to be entered by two threads at once."""

import math
from collections.abc import Sequence
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
from backends.pictures.drawing import Drawing, LinePanel, MapPanel, NamedBars, Panel, PlanePanel, Points
from backends.pictures.lines import draw_lines, draw_plane
from backends.pictures.style import MISSING, REJECTED

Kind = Literal["png", "svg"]
#: Inches across of one panel, and of several in a row each.
ALONE, BESIDE = 9.0, 5.4
#: Inches of height of curves with a row to themselves, and of a map at most.
LINES, HIGHEST = 3.4, 7.0
#: Height over width of a panel with curves; the least and greatest of one with a map.
CURVES, FLATTEST, TALLEST = 0.42, 0.3, 1.3
#: Lines over a map.
LINE = "#111111"
#: Where bars of colours lie: below a map with a row to itself, which is seldom as wide as the row.
BELOW: Any = {"location": "bottom", "shrink": 0.4, "aspect": 40, "pad": 0.02}
ASIDE: Any = {"shrink": 0.85, "pad": 0.02}
#: Points of which the edges are seen; those of many would hide their colours.
FEW = 300
#: Dots per inch of PNG, and decimals of where a panel lies, in parts of the picture.
DPI, DIGITS = 144, 6
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
        _lay_out(figure)
        content = BytesIO()
        # A date would make each file another one.
        metadata = {"Date": None, "Title": drawing.title} if kind == "svg" else {"Title": drawing.title}
        figure.savefig(content, format=kind, dpi=DPI, metadata=metadata)
        return content.getvalue()


def _lay_out(figure: Figure) -> None:
    """Put the panels where they are to stay.

    The last digits a solver finds vary from one run to the next, and names in SVG hold them.
    """
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    figure.set_layout_engine("none")
    for ax in figure.axes:
        ax.set_position(np.round(ax.get_position(original=True).bounds, DIGITS))


def _figure(drawing: Drawing) -> Figure:
    columns = min(drawing.columns, len(drawing.panels))
    width = ALONE if columns == 1 else BESIDE * columns
    rows = _rows(drawing, columns)
    heights = []
    for row, span in rows:
        if span > 2:
            heights.append(LINES if isinstance(row[0], LinePanel) else min(_shape(row[0]) * width, HIGHEST))
        else:
            heights.append(max(_shape(panel) for panel in row) * width * span / (2 * columns))
    figure = Figure((width, 0.6 + 0.7 * len(rows) + 0.8 * sum(heights)), dpi=DPI, layout="constrained")
    title = fill(drawing.title, int(CHARACTERS * width), break_long_words=True)
    figure.suptitle(title, fontsize=11)
    grid = figure.add_gridspec(len(rows), 2 * columns, height_ratios=heights)
    for r, (row, span) in enumerate(rows):
        for c, panel in enumerate(row):
            ax = figure.add_subplot(grid[r, c * span : (c + 1) * span])
            ax.set_title(fill(panel.title, int(CHARACTERS * width * span / (2 * columns) * 1.2)))
            _draw(figure, ax, panel, span > 2)
    return figure


def _rows(drawing: Drawing, columns: int) -> list[tuple[Sequence[Panel], int]]:
    """Return the panels of each row, and how many halves of a column each has; more than two where it has the row to itself."""
    end = len(drawing.panels) - drawing.small
    alone, beside, small = drawing.panels[: drawing.wide], drawing.panels[drawing.wide : end], drawing.panels[end:]
    rows: list[tuple[Sequence[Panel], int]] = [([panel], 2 * columns) for panel in alone]
    rows += [(beside[k : k + columns], 2) for k in range(0, len(beside), columns)]
    return rows + [(small[k : k + 2 * columns], 1) for k in range(0, len(small), 2 * columns)]


def _draw(figure: Figure, ax: Any, panel: Panel, wide: bool) -> None:
    if isinstance(panel, MapPanel):
        _map(figure, ax, panel, wide)
    elif isinstance(panel, PlanePanel):
        draw_plane(figure, ax, panel)
    elif isinstance(panel, NamedBars):
        ax.barh(list(panel.names), panel.lengths, color=panel.colour, alpha=0.75)
        ax.set_xlabel(panel.label)
        ax.grid(axis="x", alpha=0.25)
    else:
        draw_lines(ax, panel, wide)


def _shape(panel: Panel) -> float:
    """Return height over width."""
    if not isinstance(panel, MapPanel):
        return CURVES
    r = panel.edges
    if not panel.geographic and not panel.true_to_scale:
        return 0.5
    return min(max((r.north - r.south) / (r.east - r.west) / _stretch(panel), FLATTEST), TALLEST)


def _stretch(panel: MapPanel) -> float:
    """Return how much wider than high a step is drawn: on degrees as they are in the middle of a map that is not the globe."""
    r = panel.edges
    if panel.projection is not None or not panel.geographic or r.north - r.south > 120:
        return 1.0
    return max(math.cos(math.radians((r.south + r.north) / 2)), 0.2)


def _map(figure: Figure, ax: Any, panel: MapPanel, wide: bool) -> None:
    r = panel.raster
    clear = panel.clear or panel.projection is not None or not np.isfinite(r.values).any()
    missing = (0, 0, 0, 0) if clear else MISSING
    colours = ListedColormap(panel.palette).with_extremes(bad=missing)
    low, high = panel.limits
    aspect = 1 / _stretch(panel) if panel.geographic or panel.true_to_scale else "auto"
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
        if panel.label:
            ax.set(xlabel=panel.axes[0], ylabel=panel.axes[1])
        else:
            ax.tick_params(labelbottom=False, labelleft=False)
    for line in panel.lines:
        ax.plot(line.x, line.y, line.style, color="white", linewidth=2.2 * line.width, alpha=0.7)
        ax.plot(line.x, line.y, line.style, color=line.colour, linewidth=line.width)
    if panel.points is not None:
        _points_on_map(figure, ax, panel.points, image, wide)
    if panel.overlay is not None:
        _over(ax, panel.overlay)
    shown = panel.edges
    ax.set(xlim=(shown.west, shown.east), ylim=(shown.south, shown.north))
    if panel.label:
        figure.colorbar(image, ax=ax, label=panel.label, **(BELOW if wide else ASIDE))


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


def _points_on_map(figure: Figure, ax: Any, points: Points, image: Any, wide: bool) -> None:
    out = np.zeros(len(points.x), dtype=bool) if points.rejected is None else points.rejected
    many = len(points.x)
    size = float(np.clip((15000 if wide else 5000) / max(many, 1), 4, 26))
    # A size is an area in square points, of which there are 72 to an inch, and pixels 96.
    sizes = size if points.sizes is None else (0.75 * points.sizes[~out]) ** 2
    look: dict[str, Any] = {"s": sizes, "linewidths": 0.5 if many <= FEW else 0.2, "zorder": 3}
    if points.markers:
        areas = np.broadcast_to(sizes, many)
        for x, y, area, colour, marker in zip(points.x, points.y, areas, points.colour, points.markers, strict=True):
            ax.scatter(x, y, area, colour, marker=marker, edgecolors="black", linewidths=0.5, zorder=3)
        return
    plain = points.values is None or not np.isfinite(points.values).any()
    own = points.colours
    fill_with: dict[str, Any]
    if points.values is None or plain:
        fill_with = {"c": points.colour or "white"}
    elif own is None:
        fill_with = {"c": points.values[~out], "cmap": image.cmap, "norm": image.norm, "plotnonfinite": True}
    else:
        low, high = own.limits
        fill_with = {"c": points.values[~out], "cmap": ListedColormap(own.palette), "vmin": low, "vmax": high}
    drawn = ax.scatter(points.x[~out], points.y[~out], edgecolors="black", label=points.label, **look, **fill_with)
    if own is not None and not plain:
        figure.colorbar(drawn, ax=ax, label=own.label, **(BELOW if wide else ASIDE))
    if out.any():
        ax.scatter(points.x[out], points.y[out], s=size, marker="x", color=REJECTED, label="rejected", linewidths=1, zorder=3)
    if points.label:
        ax.legend(loc="lower left", fontsize=7, framealpha=0.8)

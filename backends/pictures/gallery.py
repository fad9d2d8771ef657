"""Unseen cases of a training as they are kept: curves and points, or maps, and their numbers."""

from collections.abc import Sequence

import numpy as np

from backends.fields.raster import Raster
from backends.learning.gallery import Map, Panel, Role, Series
from backends.pictures.drawing import Curve, LinePanel, MapPanel, Points, Table
from backends.pictures.style import ANALYSIS, BACKGROUND, DASHES, DIVERGING, NEUTRAL, OBSERVATIONS, TRUTH, VIRIDIS

#: Of what curves and points are.
ROLE_COLOURS: dict[Role, str] = {
    "truth": TRUTH, "background": BACKGROUND, "observations": OBSERVATIONS, "exact": "#D55E00", "network": ANALYSIS,
    "other": NEUTRAL,
}  # fmt: skip
#: On a logarithmic axis, what is so many times below the greatest value must not flatten the rest.
DEEPEST = 1e-8


def gallery_panels(panels: Sequence[Panel]) -> list[LinePanel | MapPanel]:
    """Return the panels of pictures."""
    found: list[LinePanel | MapPanel] = []
    for panel in panels:
        if panel.maps:
            found += _maps(panel)
        else:
            found.append(_curves(panel))
    return found


def gallery_table(panels: Sequence[Panel]) -> Table:
    """Return all numbers of pictures, one row each: curves with x and y, maps with the middle of each pixel and its value."""
    cases: list[str] = []
    labels: list[str] = []
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for panel in panels:
        numbers = [(series.label, *_points(series)) for series in panel.series] + [(m.label, *_pixels(m)) for m in panel.maps]
        for label, x, y, values in numbers:
            cases += [panel.title] * len(x)
            labels += [label] * len(x)
            parts.append((x, y, values))
    x, y, values = (np.concatenate([part[k] for part in parts] or [np.empty(0)]) for k in range(3))
    return Table(["case", "what", "x", "y", "value"], [np.array(cases, object), np.array(labels, object), x, y, values])


def _points(series: Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.array(series.x, float), np.array(series.y, float), np.full(len(series.x), np.nan)


def _pixels(map_: Map) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values = np.array(map_.values, float)
    (rows, columns), (west, south, east, north) = values.shape, map_.extent
    x = west + (np.arange(columns) + 0.5) * (east - west) / columns
    y = south + (np.arange(rows) + 0.5) * (north - south) / rows
    across, up = np.meshgrid(x, y)
    return across.ravel(), up.ravel(), values.ravel()


def _curves(panel: Panel) -> LinePanel:
    curves = [
        Curve(
            series.label, ROLE_COLOURS[series.role], *_drawable(series, panel.log),
            style="o" if series.role == "observations" else "-", dashes=DASHES.get(series.role, ()),
        )
        for series in panel.series
    ]  # fmt: skip
    limits = None
    if "y" in panel.log:
        known = np.concatenate([curve.y[np.isfinite(curve.y)] for curve in curves] or [np.empty(0)])
        limits = (max(known.min() / 1.5, DEEPEST * known.max()), known.max() * 1.5) if known.size else None
    return LinePanel(
        panel.title, panel.x_label, panel.y_label, curves, y_limits=limits, log="y" in panel.log, log_x="x" in panel.log
    )


def _drawable(series: Series, log: str) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y, NaN where they have no logarithm and one is wanted."""
    x, y = np.array(series.x, float), np.array(series.y, float)
    return np.where(x > 0, x, np.nan) if "x" in log else x, np.where(y > 0, y, np.nan) if "y" in log else y


def _maps(panel: Panel) -> list[MapPanel]:
    panels = []
    x = np.array([at for series in panel.series for at in series.x])
    y = np.array([at for series in panel.series for at in series.y])
    colours = [ROLE_COLOURS[series.role] for series in panel.series for _ in series.x]
    points = Points(x, y, colour=colours) if len(x) else None
    for map_ in panel.maps:
        symmetric = about_zero(map_.shared)
        limits = map_limits([other for other in panel.maps if other.shared == map_.shared], symmetric)
        west, south, east, north = map_.extent
        raster = Raster(np.array(map_.values, float), west, east, south, north)
        palette = DIVERGING if symmetric else VIRIDIS
        panels.append(
            MapPanel(f"{panel.title}: {map_.label}", raster, palette, limits, "", points, axes=(panel.x_label, panel.y_label),
                     geographic=False)
        )  # fmt: skip
    return panels


def about_zero(shared: str) -> bool:
    """Return whether maps that share a word have colours centred at zero."""
    return "difference" in shared


def map_limits(maps: Sequence[Map], symmetric: bool) -> tuple[float, float]:
    """Return limits of colours that hold all values of some maps; about zero if they are to be symmetric."""
    values = np.concatenate([np.ravel(np.array(map_.values, dtype=float)) for map_ in maps])
    values = values[np.isfinite(values)]
    if not values.size:
        return (-1.0, 1.0) if symmetric else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if symmetric:
        reach = max(abs(low), abs(high)) or 1.0
        return -reach, reach
    return (low, high) if low < high else (low - 0.5, high + 0.5)

"""Small pictures of what Explore shows of a file, drawn from the same pixels, colours and coastlines."""

import numpy as np
import torch
from PIL import Image, ImageColor, ImageDraw

from backends.fields.dataset import FieldDataset
from backends.fields.picture import look_at
from backends.fields.raster import Raster, Window
from backends.fields.views import covered, projection_of
from backends.geometry.projections import LatLon, Projection
from backends.observations.density import extent, places
from backends.observations.picture import picture
from backends.observations.table import Table
from backends.pictures.coastlines import all_coastlines, coastlines
from dashboard.theme import FieldStyle, limits, limits_of, style_named, style_of

#: Pixels.
WIDTH, HEIGHT = 240, 150
NOTHING, LINE = (228, 231, 235), (60, 64, 72)


def map_of_fields(dataset: FieldDataset) -> Image.Image:
    """Return the first field of a dataset: all of the Earth in Robinson's projection, a pole from above, or a region."""
    variable = next(iter(dataset.variables.values()))
    there = covered(variable.mesh)
    name = "robinson" if there.is_global else "north" if there.all_round else "lat-lon"
    middle = (there.west + there.east) / 2
    seen = look_at(dataset, variable.name, {}, projection=None if name == "lat-lon" else projection_of(name, 0, middle))
    style = style_of(variable)
    image = _coloured(seen.raster, style, limits(style, seen.usual))
    return _with_coastlines(image, seen.raster, LatLon(middle) if seen.view is None else seen.view.projection)


def map_of_observations(table: Table) -> Image.Image:
    """Return the observations of the most frequent variable, as points or pixels."""
    counted = table.variable.counts()
    name = max(counted, key=lambda each: counted[each])
    one = table.take(table.variable.is_in([name]))
    one = one.take(np.argsort(one.latitude, kind="stable"))
    window = _room(extent(one.latitude, one.longitude))
    where = places(one.latitude, one.longitude, window.west)
    seen = picture(one, where, np.ones(len(one), bool), "value", window, (WIDTH, HEIGHT))
    style = style_named(name.replace("_", " "))
    low_high = limits_of(style, one.value)
    shown = seen.raster or Raster(np.full((1, 1), np.nan), window.west, window.east, window.south, window.north)
    image = _with_coastlines(_coloured(shown, style, low_high), shown, LatLon((window.west + window.east) / 2))
    draw = ImageDraw.Draw(image)
    x, y = _pixels(image, shown, seen.x, seen.y)
    for px, py, colour in zip(x, y, _colours(seen.values, style, low_high), strict=True):
        draw.ellipse((px - 2.5, py - 2.5, px + 2.5, py + 2.5), fill=tuple(colour), outline=LINE)
    return image


def _room(window: Window) -> Window:
    """Return a window with room round it, and the shape of the picture."""
    x, y = (window.west + window.east) / 2, (window.south + window.north) / 2
    half = max(window.north - window.south, (window.east - window.west) * HEIGHT / WIDTH, 8.0) * 0.55
    south, north = max(y - half, -90.0), min(y + half, 90.0)
    across = min(half * WIDTH / HEIGHT, 180.0)
    return Window(x - across, x + across, south, north)


def _coloured(shown: Raster, style: FieldStyle, low_high: tuple[float, float]) -> Image.Image:
    shape = shown.north - shown.south, shown.east - shown.west
    width = min(WIDTH, round(HEIGHT * shape[1] / shape[0]))
    colours = _colours(shown.values, style, low_high)[::-1]
    return Image.fromarray(colours).resize((width, round(width * shape[0] / shape[1])), Image.Resampling.NEAREST)


def _colours(values: np.ndarray, style: FieldStyle, low_high: tuple[float, float]) -> np.ndarray:
    palette = np.array([ImageColor.getrgb(colour)[:3] for colour in style.palette] + [NOTHING], np.uint8)
    most = len(palette) - 2
    share = (np.asarray(values, "f8") - low_high[0]) / (low_high[1] - low_high[0])
    there = np.isfinite(share)
    return palette[np.where(there, np.clip(np.where(there, share, 0) * most, 0, most), most + 1).astype(int)]


def _with_coastlines(image: Image.Image, shown: Raster, projection: Projection) -> Image.Image:
    if isinstance(projection, LatLon):
        lines = coastlines(shown.west, shown.east, shown.south, shown.north)
        x, y = lines.T
    else:
        longitude, latitude = torch.from_numpy(np.ascontiguousarray(all_coastlines(False).T.astype("f8")))
        x, y = (side.numpy() for side in projection.forward(latitude, longitude))
    x, y = _pixels(image, shown, x, y)
    far = np.hypot(np.diff(x), np.diff(y)) > WIDTH / 4  # over the seam of the map
    broken = np.isnan(x) | np.isnan(y) | np.r_[False, far]
    draw = ImageDraw.Draw(image)
    for run in np.split(np.arange(len(x)), np.flatnonzero(broken)):
        points = [(float(x[k]), float(y[k])) for k in run if np.isfinite(x[k] + y[k])]
        if len(points) > 1:
            draw.line(points, fill=LINE, width=1)
    return image


def _pixels(image: Image.Image, shown: Raster, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (
        (x - shown.west) / (shown.east - shown.west) * image.width,
        (shown.north - y) / (shown.north - shown.south) * image.height,
    )

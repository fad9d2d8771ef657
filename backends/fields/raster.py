"""From a field on its grid to the pixels of a map in latitude and longitude."""

from dataclasses import dataclass

import numpy as np

from backends.geometry.grid import LatLonGrid

#: No raster is larger than this; a screen shows no more.
MAX_WIDTH, MAX_HEIGHT = 1000, 640


@dataclass(frozen=True, eq=False)
class Raster:
    """Evenly spaced pixels, shape (height, width), rows upward, and what their edges span: degrees, or x and y of a map."""

    values: np.ndarray
    west: float
    east: float
    south: float
    north: float


@dataclass(frozen=True)
class Window:
    """The part of a map that is looked at: degrees, or x (west to east) and y (south to north) of a projection."""

    west: float
    east: float
    south: float
    north: float

    def widened(self) -> "Window":
        """Return the window with a quarter of its size added on each side, so that a small pan shows no gap."""
        x, y = (self.east - self.west) / 4, (self.north - self.south) / 4
        return Window(self.west - x, self.east + x, self.south - y, self.north + y)

    def within(self, other: "Window") -> "Window":
        """Return the part of it that lies within another; all of the other if it has none."""
        west, east = max(self.west, other.west), min(self.east, other.east)
        south, north = max(self.south, other.south), min(self.north, other.north)
        return Window(west, east, south, north) if west < east and south < north else other


def grid_raster(values: np.ndarray, grid: LatLonGrid, window: Window | None = None) -> Raster:
    """Return the pixels of a field, each with the value of the nearest grid point, so that nothing is smoothed over.

    A grid with even spacing and few enough points comes out one pixel per point. Uneven spacing (a Gaussian grid) gets
    even pixels, at least as fine as its finest spacing, and a larger grid is thinned to the window's resolution.

    Parameters
    ----------
    values
        Shape (ny, nx).
    grid
        The grid.
    window
        What to show; everything by default. It is widened to whole grid cells and cut to the field.
    """
    rows = Pixels(grid.latitude.numpy(), None if window is None else (window.south, window.north), MAX_HEIGHT)
    columns = Pixels(grid.longitude.numpy(), None if window is None else (window.west, window.east), MAX_WIDTH)
    return Raster(values[rows.index][:, columns.index], *columns.bounds, *rows.bounds)


class Pixels:
    """Pixels along one axis: `bounds` in degrees, and for each pixel the `index` of the nearest grid point."""

    def __init__(self, axis: np.ndarray, wanted: tuple[float, float] | None, most: int) -> None:
        middles = (axis[:-1] + axis[1:]) / 2
        edges = np.r_[axis[0] - (middles[0] - axis[0]), middles, axis[-1] + (axis[-1] - middles[-1])]
        first, last = 0, len(axis) - 1
        if wanted is not None:
            first, last = np.clip(np.searchsorted(edges, wanted, side="right") - 1, 0, len(axis) - 1)
        self.bounds = float(edges[first]), float(edges[last + 1])
        finest = float(np.diff(edges).min())
        span = self.bounds[1] - self.bounds[0]
        count = min(most, max(1, round(span / finest)))
        centres = self.bounds[0] + (np.arange(count) + 0.5) * span / count
        self.index = np.clip(np.searchsorted(middles, centres), 0, len(axis) - 1)

"""Observations on a map: one by one where there are few, counted into pixels where there are millions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backends.fields.raster import Raster, Window
from backends.observations.rows import Following, Rows, thrifty
from backends.observations.schema import QUALITIES

#: Rows that are counted at once: few enough to stay in the processor's cache.
PIECE = 2**19
#: Of how many rows on pixels of one, two or three screen pixels: single ones of few could hardly be seen.
FINE, MIDDLE = 1_000_000, 100_000
#: Degrees round a single place that a map shows.
ALONE = 2.0


@dataclass(frozen=True, eq=False)
class Places:
    """Places of N rows, south to north, so that a part of a map is found without looking at the rest.

    Attributes
    ----------
    x, y
        Longitude on the map's branch and latitude, degrees, float32 (2 m), `y` increasing.
    row
        Numbers of the rows in their table.
    """

    x: np.ndarray
    y: np.ndarray
    row: Rows

    def within(self, window: Window) -> np.ndarray:
        """Return where in these arrays the places of a window are."""
        band = self._band(window)
        return band.start + np.flatnonzero(_between(self.x[band], window))

    def count(self, window: Window) -> int:
        """Return how many places lie in a window."""
        return int(np.count_nonzero(_between(self.x[self._band(window)], window)))

    def beside(self, window: Window) -> "Places":
        """Return the places at the latitudes of a window, copying none."""
        band = self._band(window)
        return Places(self.x[band], self.y[band], self.row[band])

    def of(self, column: np.ndarray) -> np.ndarray:
        """Return a column of the table at these places; not a copy where they are rows that follow each other."""
        return self.row.of(column) if isinstance(self.row, Following) else column[self.row]

    def _band(self, window: Window) -> slice:
        first = np.searchsorted(self.y, np.float32(window.south))
        return slice(int(first), int(np.searchsorted(self.y, np.float32(window.north), "right")))


def _between(x: np.ndarray, window: Window) -> np.ndarray:
    return (x >= window.west) & (x <= window.east)


def places(latitude: np.ndarray, longitude: np.ndarray, west: float) -> Places:
    """Return the places of rows that are in the order of latitude, without those that lie nowhere.

    Parameters
    ----------
    latitude, longitude
        Degrees, (N,), latitudes increasing, NaN last.
    west
        Western edge of the map: longitudes are put between it and 360° further.
    """
    x, y, row, n = np.empty(len(latitude), "f4"), np.empty(len(latitude), "f4"), np.empty(len(latitude), "i4"), 0
    for first, there, north, east in _on_earth(latitude, longitude, np.inf):
        inside = not len(east) or (east.min() >= west and east.max() <= west + 360)
        part = slice(n, n := n + len(there))
        x[part], y[part], row[part] = east if inside else (east - west) % 360 + west, north, first + there
    return Places(x[:n], y[:n], thrifty(row[:n]))


def _on_earth(
    latitude: np.ndarray, longitude: np.ndarray, east: float
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Give piece by piece its first row, and which of its rows lie somewhere, not further than `east`, and where."""
    for first in range(0, len(latitude), PIECE):
        y, x = latitude[first : first + PIECE], longitude[first : first + PIECE]
        with np.errstate(invalid="ignore"):
            there = np.flatnonzero((np.abs(y) <= 90) & np.isfinite(x) & (np.abs(x) <= east))
        yield first, there, y[there], x[there]


def extent(latitude: np.ndarray, longitude: np.ndarray) -> Window:
    """Return what a map of all places shows, with a margin; all of the Earth where there are none, or they are all round it."""
    south, north, degrees = np.inf, -np.inf, np.zeros(360, int)
    for _, _, y, x in _on_earth(latitude, longitude, 360.0):
        if len(y):
            south, north = min(south, float(y.min())), max(north, float(y.max()))
            degrees += np.bincount((x % 360).astype(int) % 360, minlength=360)
    if not degrees.any():
        return Window(-180.0, 180.0, -90.0, 90.0)
    # The widest stretch without a place is where the map is cut open.
    filled = np.flatnonzero(degrees)
    gaps = np.diff(np.r_[filled, filled[0] + 360])
    widest = int(gaps.argmax())
    if gaps[widest] < 60:
        west, east = -180.0, 180.0
    else:
        start = float(filled[(widest + 1) % len(filled)])
        west = (start + 180) % 360 - 180
        ends = []
        for _, _, _, of in _on_earth(latitude, longitude, 360.0):
            x = (of - west) % 360
            x = np.where(x > 359, x - 360, x)
            ends += [float(x.min()), float(x.max())] if len(x) else []
        west, east = west + min(ends), west + max(ends)
    reach = max(east - west, north - south)
    margin = 0.06 * max(reach, 1.0) if reach > 0 else ALONE
    if east - west < 360:
        west, east = west - margin, min(east + margin, west - margin + 360)
    return Window(west, east, max(south - margin, -90.0), min(north + margin, 90.0))


def counts(where: Places, window: Window, width: int, height: int) -> Raster:
    """Return how many places lie in each pixel of a window, (height, width), rows south to north."""
    number, _ = _binned(where, None, window, width, height)
    return _raster(number.astype("f4"), window)


def means(where: Places, values: np.ndarray, window: Window, width: int, height: int) -> Raster:
    """Return the mean of the finite values, (N,), in each pixel of a window; NaN where there is none."""
    number, total = _binned(where, values, window, width, height)
    with np.errstate(invalid="ignore"):
        return _raster((total / number).astype("f4"), window)


def worst(where: Places, quality: np.ndarray, window: Window, width: int, height: int) -> Raster:
    """Return the worst class of quality, as a number into `schema.QUALITIES`, in each pixel of a window; NaN where none is."""
    result = np.full((height, width), np.nan, "f4")
    for number in range(len(QUALITIES)):
        of = quality == number
        some = Places(where.x[of], where.y[of], where.row[of])
        result[_binned(some, None, window, width, height)[0] > 0] = number
    return _raster(result, window)


def pixels(rows: int) -> int:
    """Return how many pixels of a screen a pixel of so many rows measures."""
    return 1 if rows > FINE else 2 if rows > MIDDLE else 3


def _raster(values: np.ndarray, window: Window) -> Raster:
    return Raster(values, window.west, window.east, window.south, window.north)


def _binned(where: Places, values: np.ndarray | None, window: Window, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return number and sum, each (height, width), of what lies in each pixel; the sum of nothing where there are no values."""
    number = np.zeros(width * height, np.int64)
    total = np.zeros(width * height if values is not None else 0)
    across, up = np.float32(width / (window.east - window.west)), np.float32(height / (window.north - window.south))
    begin, end = np.searchsorted(where.y, np.float32(window.south)), np.searchsorted(where.y, np.float32(window.north), "right")
    for first in range(int(begin), int(end), PIECE):
        part = slice(first, min(first + PIECE, int(end)))
        column = (where.x[part] - np.float32(window.west)) * across
        inside = (column >= 0) & (column <= width)
        row = np.minimum(((where.y[part] - np.float32(window.south)) * up).astype(np.int32), height - 1)
        some = None if values is None else values[part]
        if some is not None:
            inside &= np.isfinite(some)
        pixel = row * np.int32(width) + np.minimum(column.astype(np.int32), width - 1)
        if not inside.all():
            pixel = pixel[inside]
            some = None if some is None else some[inside]
        # Rows are in the order of latitude: a piece fills a few lines of the picture alone.
        if len(pixel):
            least = int(pixel.min())
            pixel = pixel - least
            counted = np.bincount(pixel)
            number[least : least + len(counted)] += counted
            if some is not None:
                total[least : least + len(counted)] += np.bincount(pixel, some)
    return number.reshape(height, width), total.reshape(height, -1) if values is not None else total

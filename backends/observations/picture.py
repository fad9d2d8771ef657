"""What a map of observations shows of a window: points where there are few, pixels where there are many."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from backends.fields.circular import direction, vectors, wrapped
from backends.fields.raster import Raster, Window
from backends.observations.density import Places, counts, means, pixels, worst
from backends.observations.selection import quantity
from backends.observations.table import Table

#: What a map is coloured by; `number` counts, whatever the values are.
Colour = Literal["value", "background", "analysis", "quality", "number"]
#: More points than this are drawn as pixels.
MOST_POINTS = 3000
#: So many observations that fill so few pixels are drawn in pixels of this width on the screen.
SPARSE, FEW_PLACES, LARGE = 100_000, 1500, 5


@dataclass(frozen=True, eq=False)
class Picture:
    """Either a raster, or points.

    Attributes
    ----------
    colour
        What the colours are of.
    count
        Observations in the window.
    raster
        Counts, means or worst classes, rows south to north; None where there are points.
    rows
        Numbers of the points' rows.
    x, y
        Their places on the map, degrees.
    values
        What colours them; NaN where a departure is missing.
    """

    colour: Colour
    count: int
    raster: Raster | None
    rows: np.ndarray
    x: np.ndarray
    y: np.ndarray
    values: np.ndarray


def picture(table: Table, where: Places, chosen: np.ndarray, colour: Colour, window: Window, size: tuple[int, int]) -> Picture:
    """Return what a window of the map shows.

    Parameters
    ----------
    table
        Observations of one variable, N rows.
    where
        Places of the rows that lie somewhere.
    chosen
        Shape (N,), bool: which are shown.
    colour
        What the colours are of.
    window
        The part of the map that is looked at.
    size
        Its width and height on the screen, pixels.
    """
    some = where.beside(window)  # the rest of millions of rows is not looked at
    of = some.of(chosen)
    if not of.all():
        some = Places(some.x[of], some.y[of], some.row[of])
    count = some.count(window)
    if count <= MOST_POINTS and colour != "number":
        inside = some.within(window)
        rows = some.row[inside]
        return Picture(colour, count, None, rows, some.x[inside], some.y[inside], _values(table, colour, rows))
    raster = _raster(table, some, colour, window, size, pixels(count))
    filled = raster.values > 0 if colour == "number" else np.isfinite(raster.values)
    if count <= SPARSE and np.count_nonzero(filled) < FEW_PLACES:  # such as soundings: a pixel of theirs would hardly be seen
        raster = _raster(table, some, colour, window, size, LARGE)
    nothing = np.zeros(0)
    return Picture(colour, count, raster, np.zeros(0, int), nothing, nothing, nothing)


def _raster(table: Table, some: Places, colour: Colour, window: Window, size: tuple[int, int], each: int) -> Raster:
    """Return the map in pixels that are `each` of the screen's wide."""
    width, height = max(size[0] // each, 1), max(size[1] // each, 1)
    if colour == "number":
        return counts(some, window, width, height)
    if colour == "quality":
        return worst(some, some.of(table.quality), window, width, height)
    values = _at(some, table, colour)
    if colour == "value" and table.directions().any():
        sine, cosine = (means(some, part, window, width, height) for part in vectors(values))
        return replace(sine, values=direction(sine.values, cosine.values).astype("f4"))
    return means(some, values, window, width, height)


def _values(table: Table, colour: Colour, rows: np.ndarray) -> np.ndarray:
    some = table.take(rows)
    return some.quality if colour == "quality" else quantity(some, colour)


def _at(some: Places, table: Table, colour: Colour) -> np.ndarray:
    """Return what colours the places; of departures no more than theirs is computed."""
    value = some.of(table.value)
    if colour == "value":
        return value
    # As `quantity`, rounded to single precision, but without millions of numbers in double precision.
    departure = np.empty(len(value), "f4")
    np.subtract(value, some.of(getattr(table, colour)), out=departure, dtype="f8", casting="same_kind")
    return wrapped(departure) if table.directions().any() else departure

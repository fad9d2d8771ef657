"""Cuts as even pixels, and as tables."""

import csv
from io import StringIO

import numpy as np

from backends.fields.cuts import Cut
from backends.fields.field import Axis
from backends.fields.raster import MAX_HEIGHT, MAX_WIDTH, Pixels, Raster

#: Units in which the height of a level is its pressure, so that it is drawn downwards.
PRESSURES = ("Pa", "hPa", "kPa")


def is_pressure(axis: Axis) -> bool:
    """Return whether an axis counts pressures."""
    return axis.units in PRESSURES


def positions(axis: Axis) -> np.ndarray:
    """Return where the indices of an axis are drawn, (n,): milliseconds since 1970 of times, the coordinate, or numbers from 0.

    The last where the coordinate is no number, or does not go one way.
    """
    if axis.times is not None:
        values = axis.times.astype("datetime64[ms]").astype(np.float64)
    else:
        numbers = all(isinstance(value, int | float) for value in axis.values)
        values = np.array(axis.values, dtype=np.float64) if numbers else np.full(len(axis), np.nan)
    steps = np.diff(values)
    return values if (steps > 0).all() or (steps < 0).all() else np.arange(len(axis), dtype=np.float64)


def cut_raster(cut: Cut, log: bool = False) -> Raster:
    """Return the pixels of a cut with several rows and columns, each of the nearest value; rows upward in :func:`positions`.

    Parameters
    ----------
    cut
        What is drawn.
    log
        Whether pixels are even in the logarithm of the positions, as a logarithmic axis draws them. `south` and `north` are
        positions all the same.
    """
    assert cut.along is not None
    y = positions(cut.along)
    order = np.argsort(y)
    y = np.log(y[order]) if log else y[order]
    rows, columns = Pixels(y, None, MAX_HEIGHT), Pixels(cut.across, None, MAX_WIDTH)
    low, high = np.exp(rows.bounds) if log else rows.bounds
    return Raster(cut.values[order][rows.index][:, columns.index].astype(np.float32), *columns.bounds, float(low), float(high))


def cut_csv(cut: Cut, across: str, places: tuple[np.ndarray, ...] = ()) -> str:
    """Return a cut as a table: a row for each place across, a column for each index of the axis; missing values are empty.

    Parameters
    ----------
    cut
        What is written.
    across
        Heading of the first column, with the unit.
    places
        Latitudes and longitudes of the rows, degrees, if they have any.
    """
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    units = f" [{cut.variable.units}]" if cut.variable.units else ""
    labels = cut.along.labels if cut.along is not None else (cut.variable.name,)
    headings = ("latitude [degrees north]", "longitude [degrees east]")[: len(places)]
    table.writerow([across, *headings, *(f"{label}{units}" for label in labels)])
    for place, values in zip(np.stack([cut.across, *places], axis=1), cut.values.T, strict=True):
        table.writerow([*(f"{part:.6g}" for part in place), *("" if np.isnan(value) else f"{value:.8g}" for value in values)])
    return text.getvalue()

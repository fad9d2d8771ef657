"""The observations of one variable, ready to be put on a map."""

from dataclasses import dataclass

import numpy as np

from backends.fields.raster import Window
from backends.observations.density import Places, extent, places
from backends.observations.linked import Linked
from backends.observations.schema import NUMBERS, TEXTS
from backends.observations.selection import Selection
from backends.observations.table import Table

#: A click finds a report within so much of the height of what is looked at.
REACH = 0.05


@dataclass(frozen=True, eq=False)
class OneVariable:
    """The observations of one variable, south to north.

    Attributes
    ----------
    table
        Its N rows.
    row
        Their numbers in the whole table, (N,).
    where
        Their places on the map.
    area
        All of the map.
    """

    table: Table
    row: np.ndarray
    where: Places
    area: Window

    def find(self, selection: Selection, latitude: float, longitude: float, looked_at: Window) -> int | None:
        """Return the row, in the whole table, of the selected observation nearest to a place on the map; None if none is near.

        Parameters
        ----------
        selection
            What is chosen.
        latitude, longitude
            Degrees, the latter on the map's branch.
        looked_at
            The part of the map that is on the screen, which says what is near.
        """
        reach = REACH * (looked_at.north - looked_at.south)
        east = reach / max(np.cos(np.radians(latitude)), 0.1)
        near = self.where.within(Window(longitude - east, longitude + east, latitude - reach, latitude + reach))
        rows = self.where.row[near]
        near = near[Linked(self.table.take(rows), selection).rows("place")]
        if not len(near):
            return None
        x = (self.where.x[near] - longitude) * np.cos(np.radians(latitude))
        apart = (self.where.y[near] - latitude) ** 2 + x**2
        return int(self.row[self.where.row[near[apart.argmin()]]])


def one_variable(table: Table, name: str) -> OneVariable:
    """Return the observations of a variable; there must be some. Nothing is copied of a table in the order for maps."""
    row = np.flatnonzero(table.variable.is_in([name])).astype("i4")
    some = table.take(slice(int(row[0]), int(row[-1]) + 1))
    if len(some) != len(row) or not _northward(some.latitude):
        # Single precision sorts in half the time, and is what the map has.
        row = row[np.argsort(table.latitude[row].astype("f4"), kind="stable")]
        some = table.take(row)
    area = extent(some.latitude, some.longitude)
    return OneVariable(some, row, places(some.latitude, some.longitude, area.west), area)


def put_in_order(table: Table) -> Table:
    """Put the rows of a table that nobody else holds into the order for maps, column by column, and return it.

    By variable, and of each south to north, missing latitudes last; rows of the same place stay as they follow each other. Ten
    million rows are there once, and not once more for each variable that is looked at.
    """
    order = np.argsort(table.latitude.astype("f4"), kind="stable").astype("i4")
    order = order[np.argsort(table.variable.codes[order], kind="stable")]
    for name in NUMBERS:
        _reorder(getattr(table, name), order)
    for name in TEXTS:
        _reorder(getattr(table, name).codes, order)
    return table


def _reorder(column: np.ndarray, order: np.ndarray) -> None:
    if column.strides != (0,):  # one value for all
        column[:] = column[order]


def _northward(latitude: np.ndarray) -> bool:
    y = latitude.astype("f4")
    y = y[: len(y) - int(np.isnan(y).sum())]
    return bool((y[1:] >= y[:-1]).all())

"""The observations of one variable, ready to be put on a map."""

from dataclasses import dataclass

import numpy as np

from backends.fields.raster import Window
from backends.memory import give_back
from backends.observations.density import PIECE, Places, extent, places
from backends.observations.linked import Linked
from backends.observations.rows import Following, Rows
from backends.observations.schema import NUMBERS, TEXTS
from backends.observations.selection import Selection
from backends.observations.table import Table

#: Of more rows than this the memory is given back that was needed to count or to order them.
MANY = 1_000_000
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
        Their numbers in the whole table.
    where
        Their places on the map.
    area
        All of the map.
    """

    table: Table
    row: Rows
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
    among = table.variable.is_in([name])
    first, count = int(among.argmax()), int(np.count_nonzero(among))
    rows: Rows = Following(first, count)
    some = table.take(slice(first, first + count))
    if not among[first : first + count].all() or not _northward(some.latitude):
        # Single precision sorts in half the time, and is what the map has.
        row = np.flatnonzero(among).astype("i4")
        rows = row[np.argsort(table.latitude[row].astype("f4"), kind="stable")]
        some = table.take(rows)
    area = extent(some.latitude, some.longitude)
    return OneVariable(some, rows, places(some.latitude, some.longitude, area.west), area)


def put_in_order(table: Table) -> Table:
    """Put the rows of a table that nobody else holds into the order for maps, column by column, and return it.

    By variable, and of each south to north, missing latitudes last; rows of the same place stay as they follow each other. Ten
    million rows are there once, and not once more for each variable that is looked at.
    """
    order = _order_of(table.latitude)
    if len(table.variable.counts()) > 1:
        order = order[np.argsort(table.variable.codes[order], kind="stable")]
    for name in NUMBERS:
        _reorder(getattr(table, name), order)
    for name in TEXTS:
        _reorder(getattr(table, name).codes, order)
    if len(table) > MANY:
        give_back()
    return table


def _reorder(column: np.ndarray, order: np.ndarray) -> None:
    if column.strides != (0,):  # one value for all
        column[:] = column[order]


def _order_of(latitude: np.ndarray) -> np.ndarray:
    """Return the rows from south to north, missing latitudes last, as a stable sort of single precision has them; int32.

    Sorted in place are numbers of 64 bits, the latitude's before those of the row.
    """
    key = np.empty(len(latitude), "u8")
    for first in range(0, len(key), PIECE):
        of = latitude[first : first + PIECE].astype("f4")
        bits = (np.where(np.isnan(of), np.float32(np.nan), of) + np.float32(0)).view("u4")  # 0 and −0 are one place
        increasing = np.where(bits >> 31, ~bits, bits | np.uint32(2**31)).astype("u8")
        key[first : first + PIECE] = (increasing << np.uint64(32)) + np.arange(first, first + len(of), dtype="u8")
    key.sort()
    return key.astype("u4").view("i4")  # of 64 bits the lower half


def _northward(latitude: np.ndarray) -> bool:
    y = latitude.astype("f4")
    y = y[: len(y) - int(np.isnan(y).sum())]
    return bool((y[1:] >= y[:-1]).all())

"""The observations of one variable, ready to be put on a map."""

from dataclasses import dataclass

import numpy as np

from backends.fields.raster import Window
from backends.observations.density import Places, extent, places
from backends.observations.linked import Linked
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
    """Return the observations of a variable; there must be some."""
    row = np.flatnonzero(table.variable.is_in([name]))
    # Single precision sorts in half the time, and is what the map has.
    row = row[np.argsort(table.latitude[row].astype("f4"))]
    some = table.take(row)
    area = extent(some.latitude, some.longitude)
    return OneVariable(some, row, places(some.latitude, some.longitude, area.west), area)

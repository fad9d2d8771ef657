"""What is known of the report that was clicked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backends.observations.nearest import profile, series
from backends.observations.table import Table

#: Rows of a card, at most: a sounding has hundreds.
MOST = 60


@dataclass(frozen=True, eq=False)
class Card:
    """A report.

    Attributes
    ----------
    table
        The rows of the report, of all variables and levels, in the file's order.
    row
        Number of the row in `table` that was clicked.
    lines
        Its variable against height where the report has several levels, otherwise through time; empty where there is but
        one value.
    against
        ``level`` or ``time``: what `lines` are drawn against.
    of
        Number of the row that was clicked in the table of the whole file.
    """

    table: Table
    row: int
    lines: Table
    against: str
    of: int


def card(table: Table, row: int) -> Card:
    """Return the card of the report that a row belongs to."""
    same = np.flatnonzero(
        (table.report == table.report[row])
        & (table.station.codes == table.station.codes[row])
        & (table.report_type.codes == table.report_type.codes[row])
    )
    through_height = profile(table, row)
    against = "level" if len(through_height) > 1 else "time"
    lines = through_height if against == "level" else series(table, row)
    return Card(table.take(same), int(np.flatnonzero(same == row)[0]), lines, against, row)


def shown(card: Card) -> Sequence[int]:
    """Return the rows that a card lists: all, or those at the level that was clicked first."""
    rows = np.arange(len(card.table))
    level = card.table.level
    here = (level == level[card.row]) | (np.isnan(level) & np.isnan(level[card.row]))
    order = np.argsort(~here, kind="stable")
    return rows[order][:MOST].tolist()

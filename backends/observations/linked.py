"""Views of the same observations that filter each other."""

from dataclasses import replace

import numpy as np

from backends.observations.selection import Selection
from backends.observations.table import Table

#: What views choose by, and the fields of a selection that say so.
ASPECTS: dict[str, tuple[str, ...]] = {
    "place": ("box",),
    "value": ("within",),
    "level": ("level_kind", "levels"),
    "report type": ("report_types",),
    "time": ("start", "end"),
    "quality": ("qualities",),
    "station": ("stations",),
}


class Linked:
    """Which rows of a table the parts of a selection leave.

    A view shows what all the others have chosen, and within that what is chosen in itself: a histogram of which one bar has
    been chosen keeps all its bars.

    Parameters
    ----------
    table
        N observations.
    selection
        What is chosen of them; its variables are not looked at.
    """

    def __init__(self, table: Table, selection: Selection) -> None:
        self._rows = len(table)
        nothing = Selection()
        self._masks: dict[str, np.ndarray] = {}
        for aspect, fields in ASPECTS.items():
            asked = {name: getattr(selection, name) for name in fields}
            if any(asked[name] != getattr(nothing, name) for name in fields):
                self._masks[aspect] = replace(nothing, **asked).mask(table)

    def rows(self, but: str | None = None) -> np.ndarray:
        """Return for each row whether everything that was chosen fits, or everything but one aspect; (N,), bool."""
        result = np.ones(self._rows, bool)
        for aspect, mask in self._masks.items():
            if aspect != but:
                result &= mask
        return result


def without(selection: Selection, aspect: str) -> Selection:
    """Return a selection that no longer asks for one of `ASPECTS`."""
    nothing = Selection()
    return replace(selection, **{name: getattr(nothing, name) for name in ASPECTS[aspect]})

"""What is chosen of observations, as an address says it: times as texts, a level's kind beside its range, columns as a list."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backends.observations.columns import ROLES, Columns
from backends.observations.selection import Selection

#: Keys of an address that are alike in a selection.
_ALIKE = ("report_types", "qualities", "box", "level_kind", "levels", "within")


def a_time(text: str) -> str:
    """Return a text that is a time, or raise ValueError."""
    try:
        wrong = np.isnat(np.datetime64(text, "s"))
    except ValueError:
        wrong = True
    if wrong:
        raise ValueError(f"must be a time, such as 2021-05-16T12:00:00; came {text!r:.40}")
    return text


def shown_of(selection: Selection) -> dict[str, Any]:
    """Return the keys of an address that say a selection."""
    times = {"start": selection.start, "end": selection.end}
    return {name: getattr(selection, name) for name in _ALIKE} | {
        name: None if time is None else str(time.astype("datetime64[s]")) for name, time in times.items()
    }


def selection_of(asked: Mapping[str, Any]) -> Selection:
    """Return the selection that keys of an address say.

    Raises
    ------
    InputError
        If a time, a box or a range ends before it begins.
    """
    chosen = {name: asked[name] for name in _ALIKE}
    for name in ("start", "end"):
        chosen[name] = None if asked[name] is None else np.datetime64(asked[name], "s")
    return Selection(**chosen)


def columns_shown(columns: Columns) -> tuple[tuple[str, ...], ...]:
    """Return what columns of a CSV file are, one by one: what it is, the column's name, and its unit if one is said."""
    named = [*columns.roles.items(), *((variable, name) for name, variable in columns.variables.items())]
    return tuple((what, name, *([columns.units[name]] if columns.units.get(name) else [])) for what, name in named)


def columns_asked(said: Sequence[Sequence[str]]) -> Columns:
    """Return the columns that an address says, as `columns_shown` writes them."""
    return Columns(
        {what: name for what, name, *_ in said if what in ROLES},
        {name: what for what, name, *_ in said if what not in ROLES},
        {name: units[0] for _, name, *units in said if units},
    )

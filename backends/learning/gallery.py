"""Pictures of what a network makes of unseen cases, as numbers that a page draws: curves, points and maps."""

import json
from dataclasses import asdict, dataclass, field
from typing import Literal, Self

import numpy as np
from torch import Tensor

from backends.errors import InputError

#: What a curve, points or a map are of; a page gives each its own colour.
Role = Literal["truth", "background", "observations", "exact", "network", "other"]
ROLES = ("truth", "background", "observations", "exact", "network", "other")
#: Significant digits that pictures are kept with.
DIGITS = 5
#: Most numbers of one picture.
MOST = 200_000


@dataclass(frozen=True)
class Series:
    """Points (x, y), joined by a line unless they are observations.

    Attributes
    ----------
    label
        What the legend says.
    role
        Of :data:`ROLES`.
    x, y
        Equally many numbers.
    """

    label: str
    role: Role
    x: tuple[float, ...]
    y: tuple[float, ...]

    @classmethod
    def of(cls, label: str, role: Role, x: Tensor, y: Tensor) -> Self:
        """Return the series of two tensors of shape (n,)."""
        return cls(label, role, _short(x), _short(y))


@dataclass(frozen=True)
class Map:
    """A field on a plane.

    Attributes
    ----------
    label
        What it is called.
    values
        Rows of numbers, the lowest or southernmost first.
    extent
        x and y of the left lower corner and of the right upper one.
    shared
        Maps of one picture with the same word here have the same limits of colours; "difference" is centred at zero.
    """

    label: str
    values: tuple[tuple[float, ...], ...]
    extent: tuple[float, float, float, float]
    shared: str = "state"

    @classmethod
    def of(cls, label: str, values: Tensor, extent: tuple[float, float, float, float], shared: str = "state") -> Self:
        """Return the map of a tensor of shape (rows, columns)."""
        return cls(label, tuple(_short(row) for row in values), extent, shared)


@dataclass(frozen=True)
class Panel:
    """One picture: curves over a common axis, or maps side by side; points lie on each map.

    Attributes
    ----------
    title
        Which case it is, in a few words.
    x_label, y_label
        Of the axes, with units.
    series, maps
        What is drawn.
    log
        Which axes are logarithmic: "", "x", "y" or "xy".
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...] = ()
    maps: tuple[Map, ...] = field(default=())
    log: Literal["", "x", "y", "xy"] = ""


def to_json(panels: tuple[Panel, ...]) -> str:
    """Return pictures as JSON."""
    return json.dumps([asdict(panel) for panel in panels], allow_nan=True, ensure_ascii=False)


def from_json(text: str | bytes) -> tuple[Panel, ...]:
    """Return the pictures of what :func:`to_json` wrote.

    Raises
    ------
    InputError
        If they are damaged.
    """
    try:
        return tuple(_panel(tree) for tree in json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise InputError(f"the pictures of a training cannot be read: {problem!r:.100}") from problem


def _panel(tree: dict) -> Panel:
    series = tuple(Series(s["label"], s["role"], tuple(s["x"]), tuple(s["y"])) for s in tree.pop("series"))
    maps = tuple(
        Map(m["label"], tuple(tuple(row) for row in m["values"]), tuple(m["extent"]), m["shared"]) for m in tree.pop("maps")
    )
    return Panel(series=series, maps=maps, **tree)


def _short(numbers: Tensor) -> tuple[float, ...]:
    """Return numbers rounded to few digits."""
    if numbers.numel() > MOST:
        raise ValueError(f"a picture holds at most {MOST} numbers; came {numbers.numel()}")
    values = numbers.detach().double().cpu().numpy().reshape(-1)
    return tuple(float(np.format_float_scientific(v, DIGITS - 1)) for v in values)

"""What a picture holds, as arrays: maps and curves side by side, before anything is drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from backends.fields.overlays.asked import Overlay
from backends.fields.raster import Raster, Window
from backends.geometry.projections import Projection

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Colours:
    """Colours, what the first and the last of them stand for, and what their bar says, with the unit."""

    palette: tuple[str, ...]
    limits: tuple[float, float]
    label: str


@dataclass(frozen=True, eq=False)
class Points:
    """Points of a panel.

    Attributes
    ----------
    x, y
        As the panel's axes count, (p,).
    values
        What colours them on a map, (p,); None or NaN for white ones.
    rejected
        Which are drawn as crosses, (p,).
    label, colour
        In the legend; on a map the colour, or one for each, counts where there are no values.
    markers
        Of each on a map where it has a colour and a size of its own, in matplotlib's letters; circles if there are none.
    error
        Half the length of their vertical bars.
    sizes
        Their diameters on a map in pixels of a screen, (p,); by default they suit their number.
    colours
        Of their values on a map, where they are others than those of the map.
    """

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray | None = None
    rejected: np.ndarray | None = None
    label: str = ""
    colour: str | Sequence[str] = ""
    error: float = 0.0
    sizes: np.ndarray | None = None
    colours: Colours | None = None
    markers: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class MapPanel:
    """Pixels with a colour bar.

    Attributes
    ----------
    title
        Above the panel.
    raster
        The pixels; NaN where missing.
    palette, limits, label
        Colours, what the first and the last of them stand for, and what the colour bar says, with the unit; there is no bar,
        and axes say nothing, where that is empty.
    points
        Drawn over them.
    projection
        What the pixels' x and y are of; None for degrees, or a plane.
    axes
        What the axes of degrees or a plane say; on degrees coastlines are drawn.
    geographic
        Whether it is a map of the Earth.
    overlay
        Contours, wind and triangles over the pixels.
    seen
        The part that is shown, in x and y; all of the pixels if None.
    true_to_scale
        Of a plane: whether a step across is as long as a step up.
    clear
        Whether paper is seen where a pixel is missing.
    lines
        Drawn over the pixels.
    """

    title: str
    raster: Raster
    palette: tuple[str, ...]
    limits: tuple[float, float]
    label: str
    points: Points | None = None
    projection: Projection | None = None
    axes: tuple[str, str] = ("longitude [°E]", "latitude [°N]")
    geographic: bool = True
    overlay: Overlay | None = None
    seen: Window | None = None
    true_to_scale: bool = False
    clear: bool = False
    lines: "Sequence[Curve]" = ()

    @property
    def edges(self) -> Window:
        """What the panel shows."""
        r = self.raster
        whole = Window(r.west, r.east, r.south, r.north)
        return whole if self.seen is None else self.seen.within(whole)


@dataclass(frozen=True, eq=False)
class Curve:
    """A line, or where `low` and `high` are given a band that has no line; all (n,), NaN leaves a gap.

    A label that begins with an underscore is in no legend. Dashes are as in :data:`backends.pictures.style.DASHES`; a line that
    has some needs no marker.
    """

    label: str
    colour: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    style: str = "-"
    width: float = 1.6
    dashes: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars from `left` to `right` that reach up from zero to `top`, (n,) each; if they lie flat, across instead of up."""

    label: str
    colour: str
    left: np.ndarray
    right: np.ndarray
    top: np.ndarray
    flat: bool = False


@dataclass(frozen=True, eq=False)
class PlanePanel:
    """Cells over two axes that need not be even, with a colour bar.

    Attributes
    ----------
    title, x_label, y_label, label
        Above the panel, at its axes and at the bar, with units.
    x, y
        Middles of the cells, (columns,) and (rows,); y may be times (datetime64).
    values
        Shape (rows, columns); NaN where missing.
    palette, limits
        Colours, and what the first and the last of them stand for.
    log, downward
        Whether the vertical axis is logarithmic, and whether it grows downward.
    """

    title: str
    x_label: str
    y_label: str
    label: str
    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    palette: tuple[str, ...]
    limits: tuple[float, float]
    log: bool = False
    downward: bool = False


@dataclass(frozen=True, eq=False)
class NamedBars:
    """Bars that lie above each other and have a name each, the first at the bottom."""

    title: str
    label: str
    names: Sequence[str]
    lengths: np.ndarray
    colour: str


@dataclass(frozen=True, eq=False)
class LinePanel:
    """Curves, bars and points over one axis, a number or a time (datetime64).

    Attributes
    ----------
    title, x_label, y_label
        Above the panel, and at its axes with units.
    curves, points, bars
        What it shows; of points those at a height of their own.
    y_limits
        By default they hold everything.
    log, log_x
        Whether the vertical axis is logarithmic, and the horizontal one.
    marks
        Upright lines, each at a place with a few words.
    downward
        Whether the vertical axis grows downward.
    """

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    points: Points | None = None
    y_limits: tuple[float, float] | None = None
    log: bool = False
    log_x: bool = False
    bars: Sequence[Bars] = ()
    marks: Sequence[tuple[float, str]] = ()
    downward: bool = False


Panel: TypeAlias = MapPanel | LinePanel | NamedBars | PlanePanel


@dataclass(frozen=True, eq=False)
class Drawing:
    """Panels row by row under one title; the first `wide` ones have a row each, the last `small` ones half the width."""

    title: str
    panels: Sequence[Panel]
    columns: int = 1
    wide: int = 0
    small: int = 0


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length below headings with units."""

    headings: Sequence[str]
    columns: Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A picture and the numbers in it, in all the forms that it is kept in.

    Attributes
    ----------
    drawing
        Makes the picture.
    data
        Makes the numbers as labelled arrays.
    tables
        Makes tables, by the ending of their files: ``csv`` and others.
    files
        Write files of other forms, by their ending.
    """

    drawing: Callable[[], Drawing]
    data: "Callable[[], xr.Dataset]"
    tables: dict[str, Callable[[], Table]] = field(default_factory=dict)
    files: dict[str, Callable[[Path], None]] = field(default_factory=dict)


def labelled(name: str, units: str) -> str:
    """Return a name with its unit, as axes and headings have it."""
    return f"{name} [{units}]" if units else name

"""What a person asks for over a map, and what is drawn for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.fields.field import Field, statistics
from backends.fields.meshes import TriangleMesh
from backends.fields.overlays.contours import Contours, contours
from backends.fields.overlays.levels import contour_levels
from backends.fields.overlays.seen import seen_of
from backends.fields.overlays.triangles import Triangles, triangles
from backends.fields.overlays.wind import KNOTS, WindMarks, barbs, streamlines
from backends.fields.picture import Picture
from backends.fields.raster import Window

#: Indices by the name of the axis.
Selection = Mapping[str, int]


@dataclass(frozen=True)
class Asked:
    """Choices of what is drawn over a map.

    Attributes
    ----------
    contoured
        Name of the variable with contour lines; empty for none.
    level
        Its index on its level axis; None for the one that is shown, or is named as that is.
    levels
        Values of the lines, as of :func:`contour_levels`.
    wind
        Names of eastward and northward wind; None for none.
    style, unit
        How the wind is drawn, and what barbs count: knots or m s⁻¹.
    edges, careless
        Of a grid of triangles: whether their edges are drawn, and what a program that minds no seam makes of them.
    """

    contoured: str = ""
    level: int | None = None
    levels: str = ""
    wind: tuple[str, str] | None = None
    style: Literal["barbs", "streamlines"] = "barbs"
    unit: Literal["kn", "m/s"] = "kn"
    edges: bool = False
    careless: bool = False

    @property
    def anything(self) -> bool:
        """Whether there is something to draw."""
        return bool(self.contoured or self.wind or self.edges or self.careless)


@dataclass(frozen=True, eq=False)
class Overlay:
    """What is drawn over a map: the contoured field with its lines, wind, triangles; None for what was not asked for."""

    field: Field | None = None
    contours: Contours | None = None
    wind: WindMarks | None = None
    triangles: Triangles | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.contours is None and self.wind is None and self.triangles is None


def alike(dataset: FieldDataset, name: str, shown: Field, level: int | None = None) -> dict[str, int]:
    """Return where a variable is at the time, level and member of another one, as far as both have them.

    Raises
    ------
    InputError
        If it has such an axis, but not the time, level or member on it.
    """
    found: dict[str, int] = {}
    for axis in dataset.variable(name).axes:
        other = shown.variable.axis(axis.role) if axis.role != "other" else None
        other = other or next((a for a in shown.variable.axes if a.name == axis.name), None)
        if axis.role == "level" and level is not None:
            found[axis.name] = level
        elif len(axis) == 1 or other is None or other.name not in shown.selection:
            found[axis.name] = 0
        else:
            label = other.labels[shown.selection[other.name]]
            if label not in axis.labels:
                raise InputError(f"{dataset.variable(name).title} is not there at {label}")
            found[axis.name] = axis.labels.index(label)
    return found


def overlay(dataset: FieldDataset, picture: Picture, asked: Asked, window: Window | None, width: int, height: int) -> Overlay:
    """Return what is asked for over a picture.

    Parameters
    ----------
    dataset
        That the picture is of.
    picture
        What is shown; contours and wind are those of its time, level and member.
    asked
        The choices.
    window
        The part of the map that is seen, in its x and y; None for all of the picture.
    width, height
        Pixels of the map on the screen.

    Raises
    ------
    InputError
        If levels cannot be understood, or a variable is not there at that time, level or member.
    """
    seen = seen_of(picture, window, width, height)
    field, lines, wind, cells = None, None, None, None
    if asked.contoured:
        field = dataset.field(asked.contoured, alike(dataset, asked.contoured, picture.field, asked.level))
        values = statistics(field.values)
        levels = contour_levels(asked.levels, values.min, values.max)
        lines = contours(field.values, field.variable.mesh, levels, seen)
    if asked.wind is not None:
        u, v = (dataset.field(name, alike(dataset, name, picture.field)) for name in asked.wind)
        mesh = u.variable.mesh
        if asked.style == "barbs":
            wind = barbs(u.values, v.values, mesh, seen, KNOTS if asked.unit == "kn" else 1.0)
        else:
            wind = streamlines(u.values, v.values, mesh, seen)
    shown = picture.field
    if (asked.edges or asked.careless) and isinstance(shown.variable.mesh, TriangleMesh):
        cells = triangles(shown.values, shown.variable.mesh, seen, asked.edges, asked.careless)
    return Overlay(field, lines, wind, cells)

"""Cuts through a variable: means of groups of cells, and values at cells, along its levels or its times."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from backends.errors import InputError
from backends.fields.circular import is_circular, through_vectors
from backends.fields.dataset import FieldDataset
from backends.fields.field import Axis, Variable
from backends.fields.groups import Groups, of_region, spacing
from backends.fields.meshes import cell_at
from backends.fields.meshes.mesh import on_sphere
from backends.fields.regions import Region
from backends.geometry.sphere import EARTH_RADIUS_KM

#: Values that are read at a time, and for one cut, at most.
AT_ONCE, AT_MOST = 2**22, 2**28
#: Places along a section, at most.
PLACES = 400


@dataclass(frozen=True, eq=False)
class Cut:
    """Values on a plane of something horizontal and an axis of the variable.

    Attributes
    ----------
    variable
        What it is cut from.
    along
        The axis that the rows follow; None where the variable has none, and there is one row.
    across
        Degrees, or kilometres along a section; increasing, (X,).
    values
        (len(along), X) in the variable's units, NaN where missing.
    """

    variable: Variable
    along: Axis | None
    across: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Section(Cut):
    """A cut along a great circle, with the places that it leads through, degrees, (X,) each."""

    latitude: np.ndarray
    longitude: np.ndarray


def mean_cut(dataset: FieldDataset, name: str, groups: Groups, along: Axis | None, selection: Mapping[str, int]) -> Cut:
    """Return the means of groups of cells along an axis, at one index on each other axis; see :class:`Groups`.

    Means of directions are those of their vectors.

    Raises
    ------
    InputError
        If an index does not exist, the file is damaged, or more than `AT_MOST` values would have to be read.
    """
    variable = dataset.variable(name)
    mean = partial(through_vectors, groups.mean) if is_circular(variable) else groups.mean
    return Cut(variable, along, groups.at, _read(dataset, name, groups.cells, along, selection, mean))


def means_of_regions(dataset: FieldDataset, name: str, regions: Sequence[Region], selection: Mapping[str, int]) -> Cut:
    """Return the means over regions through time, (times, regions), weighted by area.

    Raises
    ------
    InputError
        As :func:`mean_cut`, or if a region holds no cell.
    """
    variable = dataset.variable(name)
    time = variable.axis("time")
    cuts = [mean_cut(dataset, name, of_region(variable.mesh, region), time, selection) for region in regions]
    return Cut(variable, time, np.arange(1.0, 1 + len(cuts)), np.concatenate([cut.values for cut in cuts], axis=1))


def profiles(
    dataset: FieldDataset, name: str, places: list[tuple[float, float]], along: Axis, selection: Mapping[str, int]
) -> np.ndarray:
    """Return the values along an axis in the cells at places (latitude, longitude), (len(along), places).

    Raises
    ------
    InputError
        As :func:`mean_cut`, or if a place lies outside the grid.
    """
    mesh = dataset.variable(name).mesh
    cells = np.array([cell_at(mesh, *place) for place in places], dtype=np.int64)
    return _read(dataset, name, cells, along, selection)


def section(
    dataset: FieldDataset, name: str, start: tuple[float, float], end: tuple[float, float], along: Axis | None,
    selection: Mapping[str, int],
) -> Section:  # fmt: skip
    """Return the values along an axis in the cells on the great circle between two places (latitude, longitude).

    Each value is that of the cell that a place lies in; places are half a cell apart, or further where that were more than
    `PLACES`. NaN outside the grid.

    Raises
    ------
    InputError
        As :func:`mean_cut`, or if the places are the same or opposite, or no part of the line lies on the grid.
    """
    variable = dataset.variable(name)
    degrees = np.rad2deg(_angle(start, end))
    latitude, longitude, distance = great_circle(start, end, int(np.clip(2 * degrees / spacing(variable.mesh), 50, PLACES)))
    cells = variable.mesh.locate(latitude, longitude)
    if (cells < 0).all():
        raise InputError("no part of the line lies on the grid")
    there, number = np.unique(cells[cells >= 0], return_inverse=True)
    read = _read(dataset, name, there, along, selection)
    values = np.full((len(read), len(cells)), np.nan)
    values[:, cells >= 0] = read[:, number]
    return Section(variable, along, distance, values, latitude, longitude)


def great_circle(start: tuple[float, float], end: tuple[float, float], count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return latitudes, longitudes (degrees) and distances from the start (km) of places evenly along a great circle.

    r(t) = [sin((1 − t) σ) r₀ + sin(t σ) r₁] / sin σ with the angle σ between the unit vectors r₀ and r₁ of the ends (Shoemake,
    1985, Comput. Graph. 19, 245–254).

    Raises
    ------
    InputError
        If the ends are the same or opposite: then there is no such circle, or no single one.
    """
    angle = _angle(start, end)
    if not 1e-9 < angle < np.pi - 1e-9:
        raise InputError(f"a line needs two places that are neither the same nor opposite; came {start} and {end}")
    t = np.linspace(0, 1, count)[:, None]
    first, last = on_sphere(*np.array([start, end]).T)
    r = (np.sin((1 - t) * angle) * first + np.sin(t * angle) * last) / np.sin(angle)
    latitude = np.rad2deg(np.arctan2(r[:, 2], np.hypot(r[:, 0], r[:, 1])))
    return latitude, np.rad2deg(np.arctan2(r[:, 1], r[:, 0])), EARTH_RADIUS_KM * angle * t[:, 0]


def _angle(start: tuple[float, float], end: tuple[float, float]) -> float:
    a, b = on_sphere(*np.array([start, end]).T)
    return float(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))


def _read(
    dataset: FieldDataset, name: str, cells: np.ndarray, along: Axis | None, selection: Mapping[str, int],
    reduce: Callable[[np.ndarray], np.ndarray] = lambda values: values,
) -> np.ndarray:  # fmt: skip
    """Return the values at cells along an axis, block by block and reduced at once."""
    others = {name: index for name, index in selection.items() if along is None or name != along.name}
    if along is None:
        return reduce(dataset.at_cells(name, cells, others))[None]
    if len(along) * len(cells) > AT_MOST:
        raise InputError(
            f"{len(along):,} × {len(cells):,} values would have to be read; at most {AT_MOST:,} are. Choose fewer places"
        )
    together = dataset.together(name, along)
    block = max(1, AT_ONCE // dataset.reach(name, cells) // together) * together
    parts = [slice(first, min(first + block, len(along))) for first in range(0, len(along), block)]
    return np.concatenate([reduce(dataset.at_cells(name, cells, others, along, part)) for part in parts])

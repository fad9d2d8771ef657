"""One field, one series, and the description of where they came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backends.errors import InputError
from backends.fields.meshes import Mesh, RegularMesh
from backends.geometry.grid import LatLonGrid

Role = Literal["time", "level", "member", "other"]


def time_label(time: np.datetime64) -> str:
    """Return ``2019-03-02 12:00 UTC``."""
    return f"{np.datetime_as_string(time, unit='m').replace('T', ' ')} UTC"


@dataclass(frozen=True, eq=False)
class Axis:
    """A dimension of a variable besides the horizontal ones: its times, levels, members or whatever else.

    Attributes
    ----------
    name
        The file's own name of the dimension.
    role
        What it stands for.
    labels
        One text per index, as a person reads it: ``2019-03-02 12:00 UTC``, ``850 hPa``, ``member 3``.
    times
        Valid times (datetime64[s]) where the dimension is a time, otherwise None.
    values
        The coordinate as plain numbers or texts, for programs.
    units
        Of these values, as they are written on screen; empty where the file gives none.
    """

    name: str
    role: Role
    labels: tuple[str, ...]
    times: np.ndarray | None
    values: tuple[float | int | str, ...]
    units: str = ""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Variable:
    """What is known of a variable without reading its values.

    `units` are the file's own; `time` is the valid time of a variable that has only one and no time axis.
    """

    name: str
    long_name: str
    standard_name: str
    units: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    axes: tuple[Axis, ...]
    time: np.datetime64 | None
    mesh: Mesh
    attributes: Mapping[str, str]

    @property
    def grid(self) -> LatLonGrid:
        """The latitude–longitude grid that the variable lies on; InputError where it lies on another kind."""
        if not isinstance(self.mesh, RegularMesh):
            raise InputError(
                f"{self.title} lies on another grid ({self.mesh.kind}); this works on latitude–longitude grids alone"
            )
        return self.mesh.grid

    def axis(self, role: Role) -> Axis | None:
        """Return the first axis of a role, or None."""
        return next((axis for axis in self.axes if axis.role == role), None)

    @property
    def title(self) -> str:
        """The long name, or where there is none the name."""
        return self.long_name or self.name


@dataclass(frozen=True)
class Reading:
    """How a map or a series came from its file.

    Attributes
    ----------
    asked
        The index on each dimension of the file that was asked for; dimensions that are not named, whole.
    read
        The same of what was read for it: nothing named where the variable was read whole, to be kept; None where it had been
        kept, and nothing was read.
    milliseconds
        Until the values were there, decoding and the way from the other process included.
    """

    asked: Mapping[str, int]
    read: Mapping[str, int] | None
    milliseconds: float


@dataclass(frozen=True, eq=False)
class Field:
    """A variable at one time, level and member.

    Attributes
    ----------
    variable
        What it is a field of.
    values
        Shape of `variable.mesh`, float32, in `variable.units`; NaN where missing. On a latitude–longitude grid (ny, nx),
        rows south to north, columns west to east; otherwise in the file's order.
    selection
        The index chosen on each axis. Without one of the axes where the field is a mean over it.
    reading
        How it was read; None where it was computed from others.
    words
        What a mean over an axis is called; empty where it is that over all of the axis.
    """

    variable: Variable
    values: np.ndarray
    selection: Mapping[str, int]
    reading: Reading | None = None
    words: str = ""

    @property
    def caption(self) -> str:
        """Valid time, level, member: ``2017-01-01 12:00 UTC · 850 hPa · member 3``."""
        parts = {
            axis: axis.labels[self.selection[axis.name]]
            if axis.name in self.selection
            else self.words or f"mean over {axis.name}"
            for axis in self.variable.axes
        }
        # The time first, whatever the order of the file's dimensions.
        labels = [label for _, label in sorted(parts.items(), key=lambda part: part[0].role != "time")]
        fixed = [] if self.variable.time is None else [time_label(self.variable.time)]
        return " · ".join(fixed + labels)


@dataclass(frozen=True, eq=False)
class Series:
    """A variable along its time axis at the grid point nearest to a place.

    `latitude` and `longitude` are those of the grid point, the latter as on the map of the field, where it runs on from the
    western edge; `values` has the shape of `axis`, in the variable's units; `reading` says how they were read.
    """

    variable: Variable
    axis: Axis
    values: np.ndarray
    latitude: float
    longitude: float
    reading: Reading | None = None


@dataclass(frozen=True)
class Statistics:
    """Least, mean and greatest of `count` values, and how many are missing.

    The mean is of all values alike unless areas were given. The first three are NaN where all values are missing.
    """

    min: float
    mean: float
    max: float
    count: int
    missing: int


def statistics(values: np.ndarray, areas: np.ndarray | None = None) -> Statistics:
    """Return the statistics of an array of any shape; NaN and infinities count as missing.

    With the areas of its cells, (values.size,), the mean is Σ a x / Σ a; of cells that have no area, as at a pole alone, it is
    that of all values alike.
    """
    there = np.isfinite(values)
    finite = values[there]
    missing = int(values.size - finite.size)
    if not finite.size:
        return Statistics(np.nan, np.nan, np.nan, 0, missing)
    weight = None if areas is None else areas.reshape(values.shape)[there]
    alike = weight is None or not weight.sum()
    mean = finite.mean(dtype=np.float64) if alike else np.average(finite.astype(np.float64), weights=weight)
    return Statistics(float(finite.min()), float(mean), float(finite.max()), int(finite.size), missing)


def combine(parts: Iterable[Statistics]) -> Statistics:
    """Return the statistics of several arrays together from those of each."""
    parts = list(parts)
    missing, some = sum(p.missing for p in parts), [p for p in parts if p.count]
    if not some:
        return Statistics(np.nan, np.nan, np.nan, 0, missing)
    count = sum(p.count for p in some)
    mean = sum(p.mean * p.count for p in some) / count
    return Statistics(min(p.min for p in some), mean, max(p.max for p in some), count, missing)

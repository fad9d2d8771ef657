"""What the Explore page knows of a file, as plain values for programs."""

import math
from pathlib import Path

from backends.fields.dataset import FieldDataset
from backends.fields.field import Role
from backends.fields.meshes import Mesh, RegularMesh, extent_of
from backends.fields.readers import open_dataset


def inspect_file(path: Path) -> dict[str, object]:
    """Return the description of a file; values are in the file's own units.

    Keys: ``path``, ``format``, ``variables`` (each with ``name``, ``long_name``, ``units``, ``dims``, ``shape``, ``min``,
    ``mean``, ``max``, ``missing``), ``grid``, ``latitude`` and ``longitude`` (least and greatest, longitudes as they
    are drawn, west to east without a seam), ``time`` (first and last valid time, ISO 8601, or null), ``levels`` and
    ``members`` (of the first variable that has them).

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    dataset = open_dataset(path)
    first = next(iter(dataset.variables.values()))
    latitude, longitude = _ends(first.mesh)
    return {
        "path": str(path),
        "format": dataset.format,
        "variables": [_variable(dataset, name) for name in dataset.variables],
        "grid": {"type": first.mesh.kind, **first.mesh.facts()},
        "latitude": latitude,
        "longitude": longitude,
        "time": _time_range(dataset),
        "levels": _values(dataset, "level"),
        "members": _values(dataset, "member"),
    }


def _ends(mesh: Mesh) -> tuple[list[float], list[float]]:
    if isinstance(mesh, RegularMesh):
        south_north, west_east = ([float(axis[0]), float(axis[-1])] for axis in (mesh.grid.latitude, mesh.grid.longitude))
        return south_north, west_east
    covered = extent_of(mesh)
    return [covered.south, covered.north], [covered.west, covered.east]


def _variable(dataset: FieldDataset, name: str) -> dict[str, object]:
    variable, s = dataset.variables[name], dataset.statistics(name)
    known = {key: None if math.isnan(value) else value for key, value in (("min", s.min), ("mean", s.mean), ("max", s.max))}
    return {
        "name": name,
        "long_name": variable.long_name,
        "units": variable.units,
        "dims": list(variable.dims),
        "shape": list(variable.shape),
        **known,
        "missing": s.missing,
    }


def _time_range(dataset: FieldDataset) -> list[str] | None:
    times = [t for v in dataset.variables.values() if v.time is not None for t in [v.time]]
    for variable in dataset.variables.values():
        axis = variable.axis("time")
        if axis is not None and axis.times is not None:
            times += list(axis.times)
    return [str(min(times)), str(max(times))] if times else None


def _values(dataset: FieldDataset, role: Role) -> list[float | int | str]:
    axes = (variable.axis(role) for variable in dataset.variables.values())
    return next((list(axis.values) for axis in axes if axis is not None), [])

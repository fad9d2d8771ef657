"""Folders of files as one dataset: each variable along the times, levels and members that tell its files apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends.common import BackendArray
from xarray.core import indexing

from backends.errors import InputError
from backends.fields.coordinates import places_of, with_coordinates
from backends.fields.readers import grib, netcdf, zarr

FORMAT = "Folder of files"
#: Of a folder, at most.
MOST_FILES = 1000
#: Of files in folders. They tell by the first bytes.
FORMATS = (netcdf, grib)


def claims(path: Path) -> bool:
    """Return whether two files or more directly in the folder can be read, all of one format."""
    if not path.is_dir() or zarr.claims(path):
        return False
    readers = [reader for _, reader in readable(path)]
    return len(readers) > 1 and len(set(readers)) == 1


def readable(folder: Path) -> Iterator[tuple[Path, Any]]:
    """Yield the files in a folder that can be read, in the order of their names, each with its reader.

    Hidden files, and links that lead out of the folder, are left out.
    """
    root = folder.resolve()
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and path.is_file() and path.resolve().is_relative_to(root):
            reader = next((reader for reader in FORMATS if reader.claims(path)), None)
            if reader is not None:
                yield path, reader


def read(path: Path, label: str) -> list[xr.Dataset]:
    """Open all files lazily and put the variables of one name together.

    Of a variable that no time, level or member tells apart, such as a land-sea mask in each file, that of the first is taken.

    Raises
    ------
    InputError
        If there are too many files, one cannot be read, or one does not fit to the others, by its name.
    """
    files = list(readable(path))
    if len(files) > MOST_FILES:
        raise InputError(f"{label} has {len(files)} files; at most {MOST_FILES} can be opened as one dataset")
    parts: dict[str, list[Part]] = {}
    for file, reader in files:
        for source in map(with_coordinates, reader.read(file, f"{label}/{file.name}")):
            for name, array in source.data_vars.items():
                if array.dtype.kind in "fiu" and array.ndim:
                    coordinates = [c for c in source.coords if set(source[c].dims) <= set(array.dims) or not array.dims]
                    parts.setdefault(str(name), []).append(Part(file.name, array.assign_coords(source[coordinates].coords)))
    joined: list[xr.Dataset] = []
    if not any(len(some) == 1 or _differing(some) for some in parts.values()):
        raise InputError(f"{label} cannot be put together: no time, level or member tells its files apart")
    for name, some in parts.items():
        one = _joined(name, some, label)
        fellow = next((other for other in joined if other.coords.to_dataset().identical(one.coords.to_dataset())), None)
        if fellow is None:
            joined.append(one)
        else:
            fellow[name] = one[name]
    return joined


@dataclass(frozen=True)
class Part:
    """A variable as one file has it."""

    file: str
    array: xr.DataArray

    def along(self, axis: str) -> np.ndarray:
        """Return the values of a coordinate that has one dimension or none."""
        return np.atleast_1d(self.array[axis].values)


class Joined(BackendArray):
    """A variable whose parts are in several files; those that have some of what is asked for are read.

    Parameters
    ----------
    arrays
        The parts, each with all of the dimensions `dims`, or without some where it has one index alone.
    dims, shape
        Of all together.
    positions
        For each part its indices along the dimensions that the parts differ in.
    """

    def __init__(
        self, arrays: list[xr.Variable], dims: tuple[str, ...], shape: tuple[int, ...], positions: list[dict[str, np.ndarray]]
    ) -> None:
        self._arrays, self._dims, self._positions, self.shape = arrays, dims, positions, shape
        self.dtype = np.result_type(*(array.dtype for array in arrays))

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> np.ndarray:
        wanted = {dim: np.atleast_1d(np.arange(n)[k]) for dim, n, k in zip(self._dims, self.shape, key, strict=True)}
        result = np.zeros([len(indices) for indices in wanted.values()], self.dtype)
        for array, position in zip(self._arrays, self._positions, strict=True):
            # Which of those that are wanted the part has, and where in it.
            has = {dim: np.flatnonzero(np.isin(wanted[dim], indices)) for dim, indices in position.items()}
            if not all(map(len, has.values())):
                continue
            taken = {d: _places(position[d], wanted[d][has[d]]) if d in has else wanted[d] for d in self._dims}
            values = array.isel({dim: _as_slice(indices) for dim, indices in taken.items() if dim in array.dims}).values
            missing = tuple(axis for axis, dim in enumerate(self._dims) if dim not in array.dims)
            order = [array.dims.index(dim) for dim in self._dims if dim in array.dims]
            target = np.ix_(*(has.get(dim, np.arange(len(wanted[dim]))) for dim in self._dims))
            result[target] = np.expand_dims(values.transpose(order), missing)
        return result[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]


def _places(indices: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return where in a part those are that are wanted, in whatever order the part has them."""
    order = np.argsort(indices)
    return order[np.searchsorted(indices, wanted, sorter=order)]


def _as_slice(indices: np.ndarray) -> slice | np.ndarray:
    """Return increasing indices as a slice where they follow each other: every reader can read that at once."""
    if len(indices) == 1 or (np.diff(indices) == 1).all():
        return slice(int(indices[0]), int(indices[-1]) + 1)
    return indices


def _joined(name: str, parts: list[Part], label: str) -> xr.Dataset:
    first = parts[0]
    if len(parts) == 1:
        return first.array.to_dataset(name=name)
    for part in parts[1:]:
        _check_alike(name, first, part, label)
    axes = _differing(parts)
    if not axes:
        return first.array.to_dataset(name=name)
    values = {axis: _union(axis, parts, label) for axis in axes}
    positions = [{axis: np.searchsorted(values[axis], part.along(axis)) for axis in axes} for part in parts]
    _check_complete(name, parts, positions, values, label)
    inner = tuple(str(dim) for dim in first.array.dims if dim not in axes)
    dims = (*axes, *inner)
    shape = (*map(len, values.values()), *(first.array.sizes[dim] for dim in inner))
    lazy = indexing.LazilyIndexedArray(Joined([part.array.variable for part in parts], dims, shape, positions))
    encoding = {key: v for key, v in first.array.encoding.items() if key in ("coordinates", "grid_mapping")}
    coordinates = {axis: (axis, values[axis], first.array[axis].attrs) for axis in axes}
    kept = {
        c: v for c, v in first.array.coords.items() if c not in axes and not set(v.dims) & set(axes) and _same(str(c), parts)
    }
    if len(axes) == 1:
        coordinates |= _beside(axes[0], parts, positions, len(values[axes[0]]))
    return xr.Dataset({name: xr.Variable(dims, lazy, first.array.attrs, encoding)}, {**kept, **coordinates})


def _check_alike(name: str, first: Part, part: Part, label: str) -> None:
    """Refuse a part on another grid, or in another unit, than the first."""
    units = [str(p.array.attrs.get("units", "")) for p in (first, part)]
    if units[0] != units[1]:
        raise InputError(
            f"{label}/{part.file} does not fit: {name!r} is in {units[1] or 'no unit'}, in {first.file} {units[0]}"
        )
    here, there = ({d: p.array.sizes[d] for d in p.array.dims if d not in p.array.coords} for p in (first, part))
    places = places_of(first.array)
    if here != there or places != places_of(part.array) or not all(_same(place, [first, part]) for place in places):
        raise InputError(f"{label}/{part.file} does not fit: {name!r} lies on another grid than in {first.file}")


def _same(coordinate: str, parts: list[Part]) -> bool:
    first = parts[0].array[coordinate]
    return all(
        coordinate in part.array.coords
        and part.array[coordinate].dims == first.dims
        and (part.array[coordinate].values is first.values or np.array_equal(part.array[coordinate].values, first.values))
        for part in parts[1:]
    )


def _differing(parts: list[Part]) -> list[str]:
    """Return the coordinates that tell parts apart, as those of a variable's dimension or of a single value.

    Of several times that a part has, such as start and valid time, one is its axis: that of a dimension, or ``time``; beside a
    lead time the valid time is none.
    """
    first, names = parts[0].array, dict[str, str]()
    for coordinate in first.coords:
        array = first[coordinate]
        alone = array.ndim == 0 or array.dims == (coordinate,)
        if alone and all(coordinate in part.array.coords for part in parts) and not _same(str(coordinate), parts):
            names[str(coordinate)] = array.dtype.kind
    times = sorted((n for n, kind in names.items() if kind == "M"), key=lambda n: (n not in first.dims, n != "time"))
    followers = times if "valid_time" in times[:1] and "m" in names.values() else times[1:]
    return [name for name in names if name not in followers]


def _union(axis: str, parts: list[Part], label: str) -> np.ndarray:
    try:
        return np.unique(np.concatenate([part.along(axis) for part in parts]))
    except TypeError as problem:
        raise InputError(f"{label} cannot be put together: {axis} of its files cannot be compared") from problem


def _check_complete(
    name: str, parts: list[Part], positions: list[dict[str, np.ndarray]], values: dict[str, np.ndarray], label: str
) -> None:
    """Refuse parts that have the same, or that leave gaps."""
    owner = np.full([len(v) for v in values.values()], -1)
    for number, position in enumerate(positions):
        twice = next((axis for axis, indices in position.items() if len(np.unique(indices)) < len(indices)), None)
        if twice is not None:
            raise InputError(f"{label}/{parts[number].file} does not fit: it has a value of {twice} twice")
        block = np.ix_(*position.values())
        taken = owner[block]
        if (taken >= 0).any():
            other = parts[int(taken.max())].file
            raise InputError(f"{label}/{parts[number].file} does not fit: {other} has {name!r} at the same {', '.join(values)}")
        owner[block] = number
    if (owner < 0).any():
        place = np.argwhere(owner < 0)[0]
        where = " and ".join(f"{axis} {_told(v[k])}" for (axis, v), k in zip(values.items(), place, strict=True))
        raise InputError(f"{label} cannot be put together: no file has {name!r} at {where}")


def _told(value: object) -> str:
    if isinstance(value, np.datetime64):
        return f"{np.datetime_as_string(value, unit='m').replace('T', ' ')} UTC"
    return f"{value / np.timedelta64(1, 'h'):g} h" if isinstance(value, np.timedelta64) else str(value)


def _beside(axis: str, parts: list[Part], positions: list[dict[str, np.ndarray]], count: int) -> dict[str, Any]:
    """Return what goes along with the axis, such as valid times with lead times."""
    found: dict[str, Any] = {}
    for coordinate, array in parts[0].array.coords.items():
        if coordinate == axis or array.dims not in ((), (axis,)) or array.dtype.kind not in "fiumM":
            continue
        if all(coordinate in part.array.coords for part in parts) and not (array.ndim == 0 and _same(str(coordinate), parts)):
            values = np.empty(count, array.dtype)
            for part, position in zip(parts, positions, strict=True):
                values[position[axis]] = part.along(str(coordinate))
            found[str(coordinate)] = (axis, values, array.attrs)
    return found

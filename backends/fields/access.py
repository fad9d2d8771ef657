"""What it costs to read a map and a series of a file: in chunks and bytes, and in time."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.fields.chunk_files import chunks_of
from backends.fields.chunks import ChunkedArray, Query, Read
from backends.fields.damage import DECODING_PROBLEMS, first_line
from backends.fields.isolation.decoder import Unreadable
from backends.fields.isolation.opened import ask_about
from backends.fields.readers import netcdf

if TYPE_CHECKING:  # they need torch, which the process that decodes files does without
    from backends.fields.dataset import FieldDataset
    from backends.fields.field import Reading, Variable

#: How often each kind of access is timed, and seconds after which it is not timed once more.
REPEATS, LONGEST = 5, 2.0


@dataclass(frozen=True)
class Access:
    """What reading a field costs: in milliseconds, median of some, and in chunks.

    Attributes
    ----------
    map_ms, map_read
        All places at one time; of a rollout, of one member of one model at one lead.
    point_ms, point_read
        All times at one place; of a rollout, all leads and members of one model.
    """

    map_ms: float
    map_read: Read
    point_ms: float
    point_read: Read


def measured(
    array: ChunkedArray, one_map: Query, one_point: Query, opened: Callable[[], AbstractContextManager[Any]]
) -> Access:
    """Return what a map and a series of an array cost.

    Parameters
    ----------
    array
        How it is cut.
    one_map, one_point
        What is read of it.
    opened
        Opens the array anew, so that nothing is kept from one reading to the next; takes an index for each axis. Opening is
        not timed.
    """

    def timed(query: Query) -> float:
        times: list[float] = []
        while len(times) < REPEATS and sum(times) < LONGEST:
            with opened() as values:
                begun = time.perf_counter()
                values[tuple(query.get(name, slice(None)) for name in array.dims)]
                times.append(time.perf_counter() - begun)
        return 1000 * statistics.median(times)

    return Access(timed(one_map), array.read(one_map), timed(one_point), array.read(one_point))


def holds(array: ChunkedArray, variable: "Variable") -> bool:
    """Return whether a variable is an array of the file as it is: not computed from others, nor a part of an array."""
    name = variable.name.split("@", maxsplit=1)[0]
    return (array.name, array.dims, array.shape) == (name, variable.dims, variable.shape)


def on_disk(array: ChunkedArray, query: Query, sizes: np.ndarray | None) -> int | None:
    """Return the bytes on disk of the chunks that a query reads; None where that is not known.

    `sizes` are those of each chunk (:func:`backends.fields.chunk_files.stored_sizes`).
    """
    touched = array.touched(query)
    if sizes is not None:
        return int(sizes[touched].sum())
    return array.stored if touched.all() else None


def a_point(variable: "Variable", of_map: "Reading") -> dict[str, int]:
    """Return what a series in the middle of the grid asks for, at the level and member of a map."""
    along = variable.axis("time")
    middle = {dim: n // 2 for dim, n in zip(variable.dims, variable.shape, strict=True) if dim not in of_map.asked}
    return {**{dim: k for dim, k in of_map.asked.items() if along is None or dim != along.name}, **middle}


def access(dataset: "FieldDataset", name: str, one_map: Mapping[str, int], one_point: Mapping[str, int]) -> Access:
    """Return what a map and a series of a variable of an opened file cost, read afresh in the other process.

    Raises
    ------
    InputError
        If the dataset is not from a Zarr store or a NetCDF file, the variable is no array of it, or it cannot be read.
    """
    if dataset.path is None:
        raise InputError(f"{dataset.label} is not a file here; only files and stores of this server are timed")
    asked = {"map": dict(one_map), "series": dict(one_point), "name": name.split("@", maxsplit=1)[0]}
    try:
        answer, _ = ask_about("access", dataset.path, dataset.label, dataset.format, **asked)
    except Unreadable as problem:
        raise InputError(f"{name} of {dataset.label} cannot be timed: {problem}") from problem
    return Access(answer["map_ms"], Read(**answer["map"]), answer["point_ms"], Read(**answer["point"]))


def described_access(path: Path, name: str, one_map: Query, one_point: Query) -> dict[str, Any]:
    """Return what :func:`access` is told by the process that reads files.

    Raises
    ------
    InputError
        If there is no such array, or it cannot be read.
    """
    array = next((array for array in chunks_of(path) if array.name == name), None)
    if array is None:
        raise InputError(f"{name} is no array of {path.name}")
    try:
        cost = measured(array, one_map, one_point, lambda: _opened(path, name))
    except DECODING_PROBLEMS as problem:
        raise InputError(f"{name} of {path.name} cannot be read, the file may be damaged: {first_line(problem)}") from problem
    return {
        "map_ms": cost.map_ms, "map": vars(cost.map_read), "point_ms": cost.point_ms, "point": vars(cost.point_read)
    }  # fmt: skip


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Any]:
    if path.is_file() and netcdf.claims(path):
        import netCDF4

        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)  # as of a store: the numbers as they are kept
            yield file[name]
    else:
        import zarr

        yield zarr.open_array(path, path=name, mode="r")

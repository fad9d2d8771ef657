"""Datasets of which the coordinates are here and the values in the process that decodes."""

import hashlib
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends.common import BackendArray
from xarray.core import indexing

from backends.errors import InputError
from backends.fields.isolation.decoder import Unreadable, decoder
from backends.fields.isolation.wire import KINDS
from backends.fields.readers import folder, remote, zarr

#: What is known of how a variable is encoded that other parts look at.
ENCODING = ("coordinates", "grid_mapping", "bounds", "units", "calendar")


def open_isolated(path: Path, label: str, format: str) -> list[xr.Dataset]:
    """Return the datasets of a file, as its reader does; values are decoded in the other process when they are asked for.

    Raises
    ------
    InputError
        If the file cannot be used.
    """
    try:
        return _opened(_file(path, label, format))
    except Unreadable as problem:
        raise InputError(f"{label} cannot be read as {format}, the file may be damaged: {problem}") from problem


def open_address(address: str) -> list[xr.Dataset]:
    """Return the datasets of a Zarr store at an address, as it is now; what is read later belongs to that.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    try:
        return _opened({"path": address, "label": address, "format": remote.FORMAT, "identity": str(time.time_ns())})
    except Unreadable as problem:
        raise InputError(f"{address} cannot be opened: {problem}") from problem


def _opened(file: dict[str, Any]) -> list[xr.Dataset]:
    answer, arrays = decoder().ask({"do": "open", "file": file})
    held = iter(arrays)
    return [_dataset(file, number, description, held) for number, description in enumerate(answer["datasets"])]


def ask_about(what: str, path: Path, label: str, format: str, **more: object) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return what the other process says about a file, and the arrays that come with it.

    Raises
    ------
    InputError, Unreadable
        As :meth:`backends.fields.isolation.decoder.Decoder.ask`.
    """
    return decoder().ask({"do": what, "file": _file(path, label, format), **more})


def _file(path: Path, label: str, format: str) -> dict[str, Any]:
    # A store that has grown is not the one that is still open in the other process, but what was opened before goes on.
    as_of = zarr.metadata_state(path)
    return {"path": str(path.absolute()), "label": label, "format": format, "identity": identity(path), "as of": as_of}


def identity(path: Path) -> str:
    """Return what changes with a file, or with the files of a folder; of a Zarr store nothing, as it may grow meanwhile."""
    if zarr.claims(path):
        return ""
    files = [file for file, _ in folder.readable(path)] if path.is_dir() else [path]
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        status = file.stat()
        digest.update(f"{file.name}/{status.st_mtime_ns}/{status.st_size}/".encode())
    return digest.hexdigest()


# In the process that decodes ---------------------------------------------------------------------------------------


def described(datasets: Iterable[xr.Dataset]) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return descriptions of datasets, and the values of their coordinates and of what is a single number or text."""
    arrays: list[np.ndarray] = []
    return {"datasets": [_described(dataset, arrays) for dataset in datasets]}, arrays


def _described(dataset: xr.Dataset, arrays: list[np.ndarray]) -> dict[str, Any]:
    variables = []
    for name, variable in dataset.variables.items():
        here = name in dataset.coords or variable.ndim == 0
        if not here and variable.dtype.kind not in KINDS:
            continue  # texts of any length, or nested types: nothing for a map
        if here:
            arrays.append(_plain(variable.values))
        variables.append(
            {
                "name": str(name),
                "dims": list(map(str, variable.dims)),
                "shape": list(variable.shape),
                "dtype": variable.dtype.str,
                "attributes": _texts(variable.attrs),
                "encoding": {key: variable.encoding[key] for key in ENCODING if isinstance(variable.encoding.get(key), str)},
                "chunks": {str(dim): int(n) for dim, n in variable.encoding.get("preferred_chunks", {}).items()},
                "coordinate": name in dataset.coords,
                "here": here,
            }
        )
    return {"variables": variables, "attributes": _texts(dataset.attrs)}


def _plain(values: np.ndarray) -> np.ndarray:
    """Return an array that can be sent; dates of other calendars, and texts of any length, as texts of fixed width."""
    return values if values.dtype.kind in KINDS else np.asarray(values).astype(object).astype(str)


def _texts(attributes: Mapping[Any, object]) -> dict[str, Any]:
    return {str(key): _attribute(value) for key, value in attributes.items()}


def _attribute(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list):
        return [_attribute(part) for part in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def key_of(parts: Iterable[Any]) -> tuple[int | slice, ...]:
    """Return the index that `_sent` has made a list of."""
    return tuple(slice(*part) if isinstance(part, list) else part for part in parts)


# In the server -----------------------------------------------------------------------------------------------------


class RemoteArray(BackendArray):
    """A variable of a file that is decoded elsewhere, a part at a time."""

    def __init__(self, file: dict[str, Any], dataset: int, name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._file, self._dataset, self._name = file, dataset, name
        self.shape, self.dtype = shape, dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[int | slice, ...]) -> np.ndarray:
        request = {"do": "read", "file": self._file, "dataset": self._dataset, "variable": self._name, "key": _sent(key)}
        return decoder().ask(request)[1][0]


def _sent(key: tuple[int | slice, ...]) -> list[Any]:
    return [[k.start, k.stop, k.step] if isinstance(k, slice) else int(k) for k in key]


def _dataset(file: dict[str, Any], number: int, description: dict[str, Any], held: Any) -> xr.Dataset:
    variables, coordinates = {}, []
    for each in description["variables"]:
        name, shape = each["name"], tuple(each["shape"])
        if each["here"]:
            data: Any = next(held)
        else:
            data = indexing.LazilyIndexedArray(RemoteArray(file, number, name, shape, np.dtype(each["dtype"])))
        encoding = {**each["encoding"], "preferred_chunks": each["chunks"]} if each["chunks"] else each["encoding"]
        variables[name] = xr.Variable(each["dims"], data, each["attributes"], encoding)
        if each["coordinate"]:
            coordinates.append(name)
    return xr.Dataset(variables, attrs=description["attributes"]).set_coords(coordinates)

"""Zarr stores, through xarray."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from backends.errors import InputError
from backends.fields.damage import DECODING_PROBLEMS, first_line
from backends.fields.readers import anemoi

if TYPE_CHECKING:
    from zarr.storage import FsspecStore

FORMAT = "Zarr"
#: Files that say what is in a group or an array, of both formats.
METADATA = ("zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata")


def claims(path: Path) -> bool:
    """Return whether the folder is the root of a Zarr store, format 2 or 3."""
    return (path / "zarr.json").is_file() or (path / ".zgroup").is_file()


def metadata_state(path: Path) -> str:
    """Return what changes with the metadata of a store and of the arrays in it; nothing if it is none.

    Values alone may be written without a trace.
    """
    if not claims(path):
        return ""
    digest = hashlib.blake2b(digest_size=16)
    for folder in (path, *sorted(inner for inner in path.iterdir() if inner.is_dir())):
        for file in (folder / name for name in METADATA):
            if file.is_file():
                status = file.stat()
                digest.update(
                    f"{folder.name}/{file.name}/{status.st_mtime_ns}/{status.st_size}/".encode(errors="surrogateescape")
                )
    return digest.hexdigest()


def read(path: Path, label: str) -> list[xr.Dataset]:
    """Open the store lazily.

    Raises
    ------
    InputError
        If its metadata is damaged.
    """
    try:
        return datasets_of(path, label)
    except InputError:
        raise
    except DECODING_PROBLEMS as problem:
        raise InputError(f"{label} is a damaged Zarr store: {first_line(problem)}") from problem


def datasets_of(store: "Path | FsspecStore", label: str) -> list[xr.Dataset]:
    """Return the datasets of a store in a folder or elsewhere; whatever its package raises is not caught."""
    dataset = xr.open_zarr(store, chunks=None, decode_timedelta=True)
    if anemoi.is_training_data(dataset):
        return [anemoi.variables_of(dataset, label)]
    return [dataset[sorted(map(str, dataset.data_vars))]]  # a store keeps no order of its own

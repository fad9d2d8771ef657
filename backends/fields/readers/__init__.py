"""One module per file format, and the choice between them by the file's first bytes."""

import warnings
from pathlib import Path
from typing import Protocol

import xarray as xr

from backends.errors import InputError
from backends.fields.dataset import FieldDataset
from backends.fields.readers import grib, netcdf, zarr


class Reader(Protocol):
    """What a module of this package offers: the format's name, whether a file is one, and the datasets in it."""

    FORMAT: str

    def claims(self, path: Path) -> bool:
        """Return whether a file or folder is of this format, by its beginning."""
        ...

    def read(self, path: Path, label: str) -> list[xr.Dataset]:
        """Open it lazily, or raise InputError, which names it by its label."""
        ...


READERS: tuple[Reader, ...] = (netcdf, grib, zarr)

# Remarks of the libraries about a file's style or their own future, which a user can do nothing about.
for remark in (
    "variable .* has non-conforming '_FillValue'",
    "In a future version of xarray the default value for compat",
    "Failed to open Zarr store with consolidated metadata",
):
    warnings.filterwarnings("ignore", message=remark)


def recognise(path: Path) -> bool:
    """Return whether one of the readers claims the file, judged by its first bytes; no more of it is read."""
    return _reader(path) is not None


def open_dataset(path: Path, label: str = "") -> FieldDataset:
    """Open a file of any format that there is a reader for.

    Parameters
    ----------
    path
        The file, or the folder of a Zarr store.
    label
        What a person calls it, on screen and in errors; by default the file's name.

    Raises
    ------
    InputError
        If the file does not exist, is empty, is of no known format, is damaged, or holds nothing to put on a map.
    """
    label = label or path.name
    if not path.exists():
        raise InputError(f"there is no file {label}")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{label} is empty")
    reader = _reader(path)
    if reader is None:
        raise InputError(f"{label} is none of the formats that can be read: {', '.join(r.FORMAT for r in READERS)}")
    return FieldDataset(label, reader.FORMAT, reader.read(path, label), path)


def _reader(path: Path) -> Reader | None:
    try:
        return next((reader for reader in READERS if reader.claims(path)), None)
    except OSError as problem:
        raise InputError(f"{path.name} cannot be opened: {problem.strerror}") from problem

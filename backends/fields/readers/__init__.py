"""One module per file format, and the choice between them by the file's first bytes."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import xarray as xr

from backends.errors import InputError
from backends.fields.damage import DECODING_PROBLEMS, first_line
from backends.fields.readers import folder, grib, netcdf, odim, zarr

if TYPE_CHECKING:  # it needs torch, which the process that decodes files does without
    from backends.fields.dataset import FieldDataset


class Reader(Protocol):
    """What a module of this package offers: the format's name, whether a file is one, and the datasets in it."""

    FORMAT: str

    def claims(self, path: Path) -> bool:
        """Return whether a file or folder is of this format, by its beginning."""
        ...

    def read(self, path: Path, label: str) -> list[xr.Dataset]:
        """Open it lazily, or raise InputError, which names it by its label."""
        ...


READERS: tuple[Reader, ...] = (netcdf, grib, zarr, folder)

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


def open_dataset(path: Path, label: str = "", trusted: bool = False) -> "FieldDataset":
    """Open a file of any format that there is a reader for.

    It is decoded in a process of its own, which a damaged file may crash.

    Parameters
    ----------
    path
        The file, the folder of a Zarr store, or a folder of files that belong together.
    label
        What a person calls it, on screen and in errors; by default the file's name.
    trusted
        Whether it was written here a moment ago and is decoded in this process, which saves the way between the two.

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
    from backends.fields.isolation.opened import open_isolated

    sources = reader.read(path, label) if trusted else open_isolated(path, label, reader.FORMAT)
    return _dataset(label, odim.FORMAT if odim.made(sources) else reader.FORMAT, sources, path)


def open_store(address: str) -> "FieldDataset":
    """Open the Zarr store at an address that has been checked (:func:`backends.fields.addresses.checked`).

    Raises
    ------
    InputError
        If it does not answer, is damaged, or holds nothing to put on a map.
    """
    from backends.fields.isolation.opened import open_address

    return _dataset(address, zarr.FORMAT, open_address(address), None)


def _dataset(label: str, format: str, sources: list[xr.Dataset], path: Path | None) -> "FieldDataset":
    from backends.fields.dataset import FieldDataset

    try:
        return FieldDataset(label, format, sources, path)
    except InputError:
        raise
    except (*DECODING_PROBLEMS, TypeError, ArithmeticError) as problem:
        raise InputError(f"{label} has coordinates that cannot be used, it may be damaged: {first_line(problem)}") from problem


def _reader(path: Path) -> Reader | None:
    try:
        return next((reader for reader in READERS if reader.claims(path)), None)
    except OSError as problem:
        raise InputError(f"{path.name} cannot be opened: {problem.strerror}") from problem

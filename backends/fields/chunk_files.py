"""The chunks of Zarr stores and of NetCDF files, as these describe themselves."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.errors import InputError
from backends.fields.chunks import ChunkedArray
from backends.fields.isolation.decoder import Unreadable
from backends.fields.isolation.opened import ask_about
from backends.fields.readers import netcdf

if TYPE_CHECKING:
    import netCDF4
    import zarr

    from backends.fields.dataset import FieldDataset

#: Chunks of an array whose files are looked at one by one, at most.
MOST_FILES = 20_000


def chunks_of(path: Path) -> tuple[ChunkedArray, ...]:
    """Return the arrays of a Zarr store or a NetCDF file, the largest first.

    Raises
    ------
    InputError
        If it cannot be read as one.
    """
    arrays = _of_netcdf(path) if path.is_file() and netcdf.claims(path) else _of_zarr(path)
    return tuple(sorted(arrays, key=lambda array: -math.prod(array.shape) * array.dtype.itemsize))


def stored_sizes(path: Path, array: ChunkedArray) -> np.ndarray | None:
    """Return the bytes that each chunk of an array of a Zarr store takes on disk, of the shape of its `grid`.

    A chunk that was never written takes none. None where chunks are no files of their own: in NetCDF files, in shards, and of
    arrays with more than :data:`MOST_FILES` chunks.

    Raises
    ------
    InputError
        If the store cannot be read.
    """
    import zarr

    if not path.is_dir() or math.prod(array.grid) > MOST_FILES:
        return None
    try:
        stored = zarr.open_array(path, path=array.name, mode="r")
        if stored.shards is not None:
            return None
        sizes = np.zeros(array.grid, dtype=np.int64)
        for place in np.ndindex(*array.grid):
            file = path / array.name / stored.metadata.encode_chunk_key(place)
            sizes[place] = file.stat().st_size if file.exists() else 0
    except (OSError, KeyError, ValueError, zarr.errors.BaseZarrError) as problem:
        raise InputError(f"{path.name} cannot be read as a Zarr store: {problem!s:.200}") from problem
    return sizes


def chunks_of_dataset(dataset: "FieldDataset", name: str) -> tuple[tuple[ChunkedArray, ...], ChunkedArray, np.ndarray | None]:
    """Return the arrays of an opened file, one of them, and its :func:`stored_sizes`; the file is read in the other process.

    The array is that of a variable or of any other name in the file; the largest where there is none of that name.

    Raises
    ------
    InputError
        If the dataset is not from a Zarr store or a NetCDF file, or it cannot be read.
    """
    if dataset.path is None:
        raise InputError(f"{dataset.label} is made here and is no file; only files are cut into chunks")
    try:
        answer, held = ask_about("chunks", dataset.path, dataset.label, dataset.format, name=name.split("@", maxsplit=1)[0])
    except Unreadable as problem:
        raise InputError(f"the chunks of {dataset.label} cannot be listed: {problem}") from problem
    arrays = tuple(_told(row) for row in answer["rows"])
    return arrays, arrays[answer["chosen"]], held[0] if held else None


def described_chunks(path: Path, name: str) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return what :func:`chunks_of_dataset` is told by the process that reads files."""
    arrays = chunks_of(path)
    chosen = next((k for k, array in enumerate(arrays) if array.name == name), 0)
    sizes = stored_sizes(path, arrays[chosen])
    rows = [{**vars(array), "dtype": array.dtype.str} for array in arrays]
    return {"rows": rows, "chosen": chosen}, [] if sizes is None else [sizes]


def _told(row: dict[str, Any]) -> ChunkedArray:
    lists = {key: tuple(row[key]) for key in ("dims", "shape", "chunks")}
    return ChunkedArray(**{**row, **lists, "dtype": np.dtype(row["dtype"])})


def _of_zarr(store: Path) -> list[ChunkedArray]:
    import zarr

    try:
        group = zarr.open_group(store, mode="r")
        return [_zarr_array(name, array) for name, array in group.arrays()]
    except (OSError, KeyError, ValueError, zarr.errors.BaseZarrError) as problem:
        raise InputError(f"{store.name} cannot be read as a Zarr store: {problem!s:.200}") from problem


def _zarr_array(name: str, array: "zarr.Array") -> ChunkedArray:
    # Format 3 keeps names of axes with the array, format 2 where xarray puts them.
    named: Any = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    dims = tuple(named) if named else tuple(f"axis {k}" for k in range(array.ndim))
    return ChunkedArray(name, dims, array.shape, array.chunks, np.dtype(array.dtype), int(array.nbytes_stored()))


def _of_netcdf(file: Path) -> list[ChunkedArray]:
    import netCDF4

    try:
        with netCDF4.Dataset(file) as data:
            classic = data.data_model.startswith("NETCDF3")
            return [_netcdf_array(variable, classic) for variable in data.variables.values() if variable.dtype is not str]
    except (OSError, RuntimeError) as problem:
        raise InputError(f"{file.name} cannot be read as a NetCDF file: {problem!s:.200}") from problem


def _netcdf_array(variable: "netCDF4.Variable", classic: bool) -> ChunkedArray:
    dtype = np.dtype(variable.dtype)
    cut = variable.chunking()
    bytes_of_all = math.prod(variable.shape) * dtype.itemsize
    # A classic file keeps one record after the other; what is not cut is a single chunk.
    records = classic and bool(variable.dimensions) and variable.get_dims()[0].isunlimited()
    whole = (1, *variable.shape[1:]) if records else variable.shape
    chunks = tuple(cut) if isinstance(cut, list | tuple) else whole
    stored = bytes_of_all if classic or cut in ("contiguous", None) else None
    chunks = tuple(max(1, length) for length in chunks)
    return ChunkedArray(variable.name, variable.dimensions, variable.shape, chunks, dtype, stored)

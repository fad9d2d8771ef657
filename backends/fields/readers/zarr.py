"""Local Zarr stores, through xarray."""

from pathlib import Path

import xarray as xr

from backends.errors import InputError
from backends.fields.damage import DECODING_PROBLEMS, first_line
from backends.fields.readers import anemoi

FORMAT = "Zarr"


def claims(path: Path) -> bool:
    """Return whether the folder is the root of a Zarr store, format 2 or 3."""
    return (path / "zarr.json").is_file() or (path / ".zgroup").is_file()


def read(path: Path, label: str) -> list[xr.Dataset]:
    """Open the store lazily.

    Raises
    ------
    InputError
        If its metadata is damaged.
    """
    try:
        dataset = xr.open_zarr(path, chunks=None, decode_timedelta=True)
        if anemoi.is_training_data(dataset):
            return [anemoi.variables_of(dataset, label)]
        return [dataset[sorted(map(str, dataset.data_vars))]]  # a store keeps no order of its own
    except InputError:
        raise
    except DECODING_PROBLEMS as problem:
        raise InputError(f"{label} is a damaged Zarr store: {first_line(problem)}") from problem

"""NetCDF, classic and NetCDF-4, through xarray; HDF5 of radars begins alike and goes on to its own reader."""

from pathlib import Path

import xarray as xr

from backends.errors import InputError
from backends.fields.damage import DECODING_PROBLEMS, first_line
from backends.fields.readers import odim

FORMAT = "NetCDF"
CLASSIC, HDF5 = b"CDF", b"\x89HDF\r\n\x1a\n"


def claims(path: Path) -> bool:
    """Return whether the file begins like a NetCDF file."""
    return path.is_file() and _head(path).startswith((CLASSIC, HDF5))


def read(path: Path, label: str) -> list[xr.Dataset]:
    """Open the file lazily, missing values and packed numbers decoded.

    Raises
    ------
    InputError
        If the file is cut short or damaged.
    """
    # The netCDF library fills what a cut classic file lacks with zeros, silently; SciPy's reader refuses it.
    engine = "scipy" if _head(path)[:4] in (b"CDF\x01", b"CDF\x02") else "netcdf4"
    try:
        if _head(path) == HDF5 and _of_radars(path):
            return odim.read(path, label)
        try:
            return [xr.open_dataset(path, engine=engine, decode_timedelta=True)]
        except ValueError:
            # Units that only look like a time ("months since", "days" without "since"): as plain numbers, then.
            return [xr.open_dataset(path, engine=engine, decode_times=False)]
    except InputError:
        raise
    except (*DECODING_PROBLEMS, TypeError) as problem:
        raise InputError(f"{label} is a damaged or incomplete NetCDF file: {first_line(problem)}") from problem


def _of_radars(path: Path) -> bool:
    import netCDF4

    with netCDF4.Dataset(path) as file:
        return odim.is_odim(file)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)

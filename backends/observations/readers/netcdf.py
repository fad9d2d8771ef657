"""What the NetCDF layouts of observations have in common: being opened, and giving up numbers, texts and times."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from backends.errors import InputError
from backends.fields.damage import first_line
from backends.observations.readers.faults import DECODING_PROBLEMS

#: Bytes in which names are looked for; they are at the beginning, or in NetCDF-4 where the variables were made.
SEARCHED = 2**26
CLASSIC, HDF5 = b"CDF", b"\x89HDF\r\n\x1a\n"


def is_netcdf(head: bytes) -> bool:
    """Return whether a file that begins so is NetCDF, or HDF5, in which NetCDF-4 is written."""
    return head.startswith((CLASSIC, HDF5))


def mentions(path: Path, head: bytes, *wanted: str) -> bool:
    """Return whether a NetCDF file names all of some variables or groups, as far as its first `SEARCHED` bytes tell.

    The file is searched and not opened: its library may crash or be busy for minutes where a damaged file promises a great
    many dimensions, and files are recognised in the server's own process.
    """
    if not is_netcdf(head):
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return all(content.find(name.encode(), 0, SEARCHED) >= 0 for name in wanted)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a NetCDF file; all that its library raises while it is open becomes an InputError.

    Raises
    ------
    InputError
        If the file is cut short or damaged, or lacks what is asked for.
    """
    import netCDF4

    try:
        _refuse_cut(path)
        with netCDF4.Dataset(path) as file:
            yield file
    except InputError:
        raise
    except (*DECODING_PROBLEMS, TypeError, AttributeError) as problem:
        raise InputError(f"{path.name} is a damaged or incomplete NetCDF file: {first_line(problem)}") from problem


def _refuse_cut(path: Path) -> None:
    """Raise where a classic file was cut: the library would fill what it lacks with zeros, silently; SciPy notices."""
    with path.open("rb") as file:
        if file.read(4) not in (b"CDF\x01", b"CDF\x02"):
            return
    from scipy.io import netcdf_file

    with netcdf_file(path, mmap=False):
        pass


def numbers(file: Any, *candidates: str, rows: int | None = None) -> np.ndarray:
    """Return the first of several variables that there is as float64, unpacked, NaN where missing.

    Parameters
    ----------
    file
        A NetCDF file or group.
    candidates
        Names.
    rows
        How many rows are wanted: the first ones of the variable, or so many NaN where there is none.

    Raises
    ------
    InputError
        If there is none and `rows` is not given.
    """
    for name in candidates:
        if name in file.variables:
            values = np.ma.filled(np.ma.asarray(file.variables[name][:]).astype("f8"), np.nan)
            return values if rows is None else values[:rows]
    if rows is None:
        raise InputError(f"a variable {' or '.join(candidates)} is needed; there are {', '.join(file.variables)}")
    return np.full(rows, np.nan)


def texts(variable: Any) -> list[str]:
    """Return a variable of texts, or of rows of characters, as texts."""
    import netCDF4

    values = variable[:]
    if getattr(values, "dtype", None) is not None and values.dtype == "S1":
        values = netCDF4.chartostring(np.ma.filled(values, b""), encoding="latin-1")
    if np.ma.isMaskedArray(values):
        values = np.ma.filled(values.astype(object), "")
    return [str(text) for text in np.atleast_1d(values).tolist()]


def whole(values: np.ndarray) -> np.ndarray:
    """Return numbers as int64, −1 where they are missing or no numbers of observations can be."""
    return np.where(np.abs(values) < 2**53, values, -1).astype("i8")


def moments(year: np.ndarray, month: np.ndarray, day: np.ndarray, hour: np.ndarray, minute: np.ndarray) -> np.ndarray:
    """Return times as datetime64[s] from their parts, NaT where one is missing or impossible; a missing minute is 0."""
    parts = np.stack([year, month, day, hour, np.where(np.isfinite(minute), minute, 0)])
    least, greatest = np.array([1, 1, 1, 0, 0]), np.array([9999, 12, 31, 24, 59])
    fine = ((parts >= least[:, None]) & (parts <= greatest[:, None])).all(0)
    y, m, d, h, mi = np.where(fine, parts, 1).astype("i8")
    months = ((y - 1970) * 12 + m - 1).astype("datetime64[M]")
    date = months.astype("datetime64[D]") + (d - 1).astype("timedelta64[D]")
    fine &= date.astype("datetime64[M]") == months  # no 31st of April
    seconds = date.astype("datetime64[s]") + (h * 3600 + mi * 60).astype("timedelta64[s]")
    return np.where(fine, seconds, np.datetime64("NaT", "s"))

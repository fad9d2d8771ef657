"""One module per format of observations, and the choice between them by the file's first bytes."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from backends.errors import InputError
from backends.observations.readers import csv
from backends.observations.readers.netcdf import is_netcdf
from backends.observations.readers.progress import Progress, silent
from backends.observations.table import Table, concatenate

#: Bytes of a file that a reader is shown.
HEAD = 4096


class Reader(Protocol):
    """What a module of this package offers: the format's name, whether a file is one, and its observations."""

    FORMAT: str

    def claims(self, path: Path, head: bytes) -> bool:
        """Return whether a file, which begins with `head`, is of this format."""
        ...

    def read(self, path: Path, progress: Progress) -> Table:
        """Decode it, or raise InputError with the file's name in it."""
        ...


#: In the order in which they are asked.
_NAMES = ("bufr", "odb", "feedback", "decoded_bufr", "ioda", "csv")
READERS = tuple(cast(Reader, import_module(f"{__name__}.{name}")) for name in _NAMES)


def recognise(path: Path) -> Reader | None:
    """Return the reader that claims a file, judged by its beginning; None if there is none, or no such file.

    Raises
    ------
    InputError
        If the file cannot be opened.
    """
    try:
        head = _head(path)
        return next((reader for reader in READERS if reader.claims(path, head)), None)
    except OSError as problem:
        raise InputError(f"{path.name} cannot be opened: {problem.strerror}") from problem


def _head(path: Path) -> bytes:
    """Return the first bytes of a file, none of a folder or of what does not exist."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(HEAD)


def read(path: Path, progress: Progress = silent) -> Table:
    """Decode a file of observations of any format that there is a reader for; this may take minutes.

    Parameters
    ----------
    path
        The file.
    progress
        Told how far it is. An exception of it ends the reading.

    Raises
    ------
    InputError
        If the file does not exist, is empty, is of no known format, is damaged, or holds no observations.
    """
    return concatenate(list(pieces(path, progress)))


def pieces(path: Path, progress: Progress = silent) -> Iterator[Table]:
    """Do the same piece by piece, at least one, where a file may be larger than the memory; other formats come in one piece."""
    reader = _reader(path)
    try:
        if reader is csv:
            yield from csv.pieces(path, progress)
        else:
            yield reader.read(path, progress)
    except OSError as problem:
        raise InputError(f"{path.name} cannot be read: {problem.strerror or problem}") from problem


def _reader(path: Path) -> Reader:
    if not path.exists():
        raise InputError(f"there is no file {path.name}")
    reader = recognise(path)
    if reader is None:
        if path.is_file() and not _head(path):
            raise InputError(f"{path.name} is empty")
        if is_netcdf(_head(path)):
            raise InputError(
                f"{path.name} is a NetCDF file that is damaged, or holds no observations in a layout that is known"
            )
        raise InputError(
            f"{path.name} is none of the formats of observations that can be read: {', '.join(r.FORMAT for r in READERS)}"
        )
    return reader

"""Decoded observations, kept as Parquet, so that a file is decoded once."""

import hashlib
import logging
import uuid
from collections.abc import Callable
from pathlib import Path

from backends.errors import InputError
from backends.home import home_folder
from backends.observations import parquet
from backends.observations.table import Table

LOG = logging.getLogger("assimilab")

#: Counted up when a reader makes another table of the same file.
VERSION = 2


def cached(path: Path, decode: Callable[[Path, Path], Table], how: str = "") -> Table:
    """Return the observations of a file, decoded now or earlier.

    The same place, size and time of change mean the same file. A cache that cannot be read is made anew, one that cannot
    be written is done without.

    Parameters
    ----------
    path
        The file of observations.
    decode
        What makes its table, and may leave it as Parquet at the place that it is given; otherwise it is written there.
    how
        What else the table depends on than the file.

    Raises
    ------
    InputError
        From `decode`.
    """
    place = cache_path(path, how)
    if place.is_file():
        try:
            return parquet.read(place)
        except (*parquet.DAMAGE, InputError) as problem:
            LOG.warning("%s cannot be read and is made anew: %s", place, problem)
            _remove(place)
    table = decode(path, place)
    try:
        if not place.is_file():
            _write(table, place)
    except OSError as problem:
        LOG.warning("%s cannot be written: %s", place, problem)
    return table


def cache_path(path: Path, how: str = "") -> Path:
    """Return where the decoded observations of a file are kept; the folder need not exist."""
    status = path.stat()
    key = f"{VERSION}|{path.absolute()}|{status.st_size}|{status.st_mtime_ns}" + (f"|{how}" if how else "")
    digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:20]
    return home_folder() / "observations" / f"{path.stem[:60]}-{digest}.parquet"


def leave_at(made: Path, place: Path) -> None:
    """Move a Parquet file to where it is kept; one that cannot be is told in the log."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made.replace(place)
    except OSError as problem:
        LOG.warning("%s cannot be kept at %s: %s", made, place, problem)


def _remove(place: Path) -> None:
    try:
        place.unlink(missing_ok=True)
    except OSError as problem:
        LOG.warning("%s cannot be removed: %s", place, problem)


def _write(table: Table, place: Path) -> None:
    """Write under another name first, so that nobody ever finds half a table."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".{uuid.uuid4().hex}.part")
    try:
        parquet.write(table, unfinished)
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)

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
VERSION = 3
#: Bytes of all that is kept; what was asked for longest ago goes first. Uploads are asked for by one visitor alone.
MOST_BYTES = 10 * 10**9


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
            table = parquet.read(place)
        except (*parquet.DAMAGE, InputError) as problem:
            LOG.warning("%s cannot be read and is made anew: %s", place, problem)
            _remove(place)
        else:
            _mark(place)
            return table
    table = decode(path, place)
    try:
        if not place.is_file():
            _write(table, place)
        _make_room(place)
    except OSError as problem:
        LOG.warning("%s cannot be kept: %s", place, problem)
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


def _mark(place: Path) -> None:
    """Say by its time of change that a file is asked for now."""
    try:
        place.touch()
    except OSError as problem:
        LOG.warning("%s cannot be marked as asked for: %s", place, problem)


def _make_room(newest: Path) -> None:
    """Remove what was asked for longest ago where all together are too many bytes; the newest stays."""
    others = [(path.stat(), path) for path in newest.parent.glob("*.parquet") if path != newest]
    total = newest.stat().st_size
    for status, path in sorted(others, key=lambda other: other[0].st_mtime_ns, reverse=True):
        total += status.st_size
        if total > MOST_BYTES:
            _remove(path)


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

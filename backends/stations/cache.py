"""Decoded reports, kept as Parquet, so that a file is decoded once."""

import hashlib
import logging
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from backends.home import home_folder
from backends.stations.decoding import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

LOG = logging.getLogger("assimilab")

#: Counted up when `decode` makes other tables of the same files.
VERSION = 1
#: What pyarrow and pandas raise on a file that is not, or not wholly, the one that was written.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, NotImplementedError)


def cached_reports(path: Path, decode: Callable[[Path], "pd.DataFrame"]) -> "pd.DataFrame":
    """Return the reports of a file, decoded now or earlier.

    The same place, size and time of change mean the same file. A cache that cannot be read is made anew, one that cannot
    be written is done without.

    Parameters
    ----------
    path
        The file of observations.
    decode
        What returns its table, with the columns ``decoding.COLUMNS``.

    Raises
    ------
    InputError
        From `decode`.
    """
    import pandas as pd

    place = cache_path(path)
    if place.is_file():
        try:
            table = pd.read_parquet(place, columns=list(COLUMNS))
        except _DAMAGE as problem:
            LOG.warning("%s cannot be read and is made anew: %s", place, problem)
        else:
            return table
    table = decode(path)
    try:
        _write(table, place)
    except OSError as problem:
        LOG.warning("%s cannot be written: %s", place, problem)
    return table


def cache_path(path: Path) -> Path:
    """Return where the decoded reports of a file are kept; the folder need not exist."""
    status = path.stat()
    key = f"{VERSION}|{path.absolute()}|{status.st_size}|{status.st_mtime_ns}"
    digest = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:20]
    return home_folder() / "stations" / f"{path.stem[:60]}-{digest}.parquet"


def _write(table: "pd.DataFrame", place: Path) -> None:
    """Write under another name first, so that nobody ever finds half a table."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".{uuid.uuid4().hex}.part")
    try:
        table.to_parquet(unfinished, index=False)
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)

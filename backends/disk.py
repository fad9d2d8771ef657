"""Disk: what is large asks for room before it is written, so that others find some left."""

import shutil
from pathlib import Path

from backends.errors import InputError

#: Bytes that stay free: records, checkpoints and other programs go on writing.
RESERVE = 500_000_000


def ask(needed: int, folder: Path, what: str) -> None:
    """Refuse to write what would fill the disk.

    Parameters
    ----------
    needed
        Bytes, at most.
    folder
        Where it is to be written; it need not exist yet.
    what
        Is written, such as ``"the store"``.

    Raises
    ------
    InputError
        If there is no room for it, or the disk cannot be asked.
    """
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError as problem:
        raise InputError(f"{str(folder)!r} cannot be asked for its free room: {problem.strerror or problem}") from problem
    if needed + RESERVE > free:
        raise InputError(
            f"{what} may need {needed / 1e9:.3g} GB in {str(folder)!r}, where {free / 1e9:.3g} GB are free and "
            f"{RESERVE / 1e9:g} GB stay so; remove what is not needed any more, or choose another folder"
        )

"""Decoding in a process of its own, since a damaged file may crash a decoder or make it run forever.

The process is given a path and leaves a Parquet file; the one that started it sees its progress, ends it when nothing has
been heard of it for a while, and says in one sentence what happened. A single process for each file, and no pool: it can be
ended whatever it does, and leaves its memory behind.
"""

import json
import multiprocessing
import uuid
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from backends.errors import InputError
from backends.fields.damage import crashed, ended, silent_for
from backends.observations import parquet
from backends.observations.cache import cached, leave_at
from backends.observations.columns import Columns
from backends.observations.one_variable import put_in_order
from backends.observations.readers.progress import Progress, silent
from backends.observations.table import Table

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

#: Seconds without any progress after which a file counts as impossible to decode.
PATIENCE = 10.0
#: A process that starts must load the decoders first, s.
START = 60.0
#: Seconds between two looks at whether the decoding is still wanted.
LOOK = 0.1
#: Bytes that a message of the process may have.
LONGEST = 100_000


class Cancelled(Exception):  # noqa: N818  not an error: somebody no longer wanted the file
    """The decoding was ended because it was no longer wanted."""


def table_of(
    path: Path, progress: Progress = silent, wanted: Callable[[], bool] = lambda: True, columns: Columns | None = None
) -> Table:
    """Return the observations of a file, decoded elsewhere now or kept from an earlier time.

    Parameters
    ----------
    path
        The file.
    progress
        Told how far it is, in this process.
    wanted
        Asked several times a second whether to go on.
    columns
        What the columns of a CSV file are; guessed where it is None.

    Raises
    ------
    InputError
        If the file cannot be read, crashes the decoder, or keeps it busy without progress.
    Cancelled
        If it was no longer wanted.
    """
    try:
        if not path.is_file():
            raise InputError(f"there is no file {path.name}")
        how = "" if columns is None else columns.key
        return cached(path, lambda file, keep: decode_elsewhere(file, progress, wanted, columns=columns, keep=keep), how)
    except OSError as problem:
        raise InputError(f"{path.name} cannot be opened: {problem.strerror}") from problem


def table_for_maps(path: Path, progress: Progress, wanted: Callable[[], bool], columns: Columns | None) -> Table:
    """Return what :func:`table_of` does, in the order for maps."""
    return put_in_order(table_of(path, progress, wanted, columns))  # from Parquet it comes anew: no one else holds it


def decode_elsewhere(
    path: Path,
    progress: Progress = silent,
    wanted: Callable[[], bool] = lambda: True,
    patience: float = PATIENCE,
    columns: Columns | None = None,
    keep: Path | None = None,
) -> Table:
    """Return the observations of a file, decoded in another process, and leave them at `keep`; see :func:`table_of`."""
    from backends.home import home_folder

    place = home_folder() / f".decoding-{uuid.uuid4().hex}.parquet"
    # A new interpreter, not a copy of this one, which has threads and open libraries.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=decode_to_parquet, args=(path, place, theirs, columns), daemon=True)
    try:
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        _follow(process, ours, path.name, progress, wanted, patience)
        table = parquet.read(place)
        if keep is not None:
            leave_at(place, keep)
        return table
    except parquet.DAMAGE as problem:
        if isinstance(problem, InputError):
            raise
        raise InputError(f"what was decoded of {path.name} cannot be read: {problem}") from problem
    finally:
        process.kill()
        process.join()
        ours.close()
        place.unlink(missing_ok=True)


def decode_to_parquet(path: Path, place: Path, pipe: Connection, columns: Columns | None) -> None:
    """Decode a file into a Parquet file: what runs in the other process.

    Sent through the pipe are pairs [done, of], and at last the text of an error, empty where there was none; as JSON, since a
    process that a crafted file has taken over could send a pickle that runs here.
    """
    from backends.observations.readers import pieces
    from backends.observations.readers.csv import pieces_of

    def say(message: list[int] | str) -> None:
        pipe.send_bytes(json.dumps(message).encode())

    def tell(done: int, of: int) -> None:
        say([int(done), int(of)])

    _limit_memory()
    try:
        say([0, 0])  # the decoders are loaded
        parquet.write_pieces(pieces(path, tell) if columns is None else pieces_of(path, columns, tell), place)
        say("")
    except InputError as problem:
        say(str(problem))
    except MemoryError:
        say(f"{path.name} needs more memory than there is")


def _limit_memory() -> None:
    """Let this process have half of the machine's memory: damaged lengths ask for any amount. Not on Windows."""
    try:
        import resource
    except ModuleNotFoundError:
        return
    import psutil

    half = psutil.virtual_memory().total // 2
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (half if hard == resource.RLIM_INFINITY else min(half, hard), hard))


def _follow(
    process: "BaseProcess", pipe: Connection, name: str, progress: Progress, wanted: Callable[[], bool], patience: float
) -> None:
    """Return when the process has ended well, or raise what became of it."""
    silence, limit = 0.0, START
    while True:
        if not wanted():
            raise Cancelled(name)
        if not pipe.poll(LOOK):
            silence += LOOK
            if silence > limit:
                raise InputError(f"{name} cannot be decoded: {silent_for(limit)}")
            continue
        silence, limit = 0.0, patience
        try:
            message = json.loads(pipe.recv_bytes(LONGEST))
        except EOFError:
            process.join()
            raise InputError(f"{name} cannot be decoded: {crashed(ended(process.exitcode or 0))}") from None
        if message == "":
            return
        if isinstance(message, str):
            raise InputError(message)
        done, of = message
        if of:
            progress(int(done), int(of))

"""The process that decodes files: answers requests over a socket until the other end is closed."""

import logging
import socket
import sys
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.discreet import DiscreetFormatter
from backends.errors import InputError
from backends.fields.damage import first_line
from backends.fields.isolation.signs import Signs
from backends.fields.isolation.wire import Channel

if TYPE_CHECKING:
    import xarray as xr

LOG = logging.getLogger("assimilab")

#: Opened files that are kept.
KEPT_FILES = 8
#: Bytes that are decoded at once, at most: a damaged header may ask for any number.
LARGEST = 4 * 2**30

Answer = tuple[dict[str, Any], Sequence[np.ndarray]]


class Files:
    """The files that have been opened, by what was asked for."""

    def __init__(self) -> None:
        self._opened: OrderedDict[tuple[object, ...], list[xr.Dataset]] = OrderedDict()

    def datasets(self, file: dict[str, Any]) -> "list[xr.Dataset]":
        """Return the datasets of a file, opened now or still open: the `KEPT_FILES` that were used last stay open."""
        key = tuple(file.values())
        if key not in self._opened:
            self._opened[key] = _open(file)
            if len(self._opened) > KEPT_FILES:
                for dataset in self._opened.popitem(last=False)[1]:
                    dataset.close()
        self._opened.move_to_end(key)
        return self._opened[key]


def _open(file: dict[str, Any]) -> "list[xr.Dataset]":
    from backends.fields.isolation.opened import identity
    from backends.fields.readers import READERS, remote

    if file["format"] == remote.FORMAT:
        return remote.read(file["path"], file["label"])
    path = Path(file["path"])
    if identity(path) != file["identity"]:
        raise InputError(f"{file['label']} has changed since it was opened; open it again")
    reader = next(reader for reader in READERS if file["format"] == reader.FORMAT)
    return reader.read(path, file["label"])


def answer(files: Files, request: dict[str, Any]) -> Answer:
    """Return what was asked for.

    ``open`` describes the datasets of a file, ``messages`` the messages of a GRIB file, ``chunks`` how arrays are cut,
    ``access`` what a map and a series cost, ``read`` returns a part of a variable.
    """
    from backends.fields.isolation.opened import described, key_of

    if request["do"] == "open":
        return described(files.datasets(request["file"]))
    if request["do"] == "messages":
        from backends.fields.readers.grib_messages import rows

        file = request["file"]
        return {"rows": rows(Path(file["path"]), file["label"], files.datasets(file))}, []
    if request["do"] == "chunks":
        from backends.fields.chunk_files import described_chunks

        return described_chunks(Path(request["file"]["path"]), request["name"])
    if request["do"] == "access":
        from backends.fields.access import described_access

        return described_access(Path(request["file"]["path"]), request["name"], request["map"], request["series"]), []
    array = files.datasets(request["file"])[request["dataset"]][request["variable"]].variable
    part = array[key_of(request["key"])]
    if part.nbytes > LARGEST:
        raise InputError(
            f"{request['variable']} asks for {part.nbytes / 2**30:.3g} GiB at once; at most {LARGEST / 2**30:g} can be decoded"
        )
    return {}, [np.asarray(part.values, dtype=part.dtype)]


def serve(channel: Channel) -> None:
    """Answer requests until the other end is closed."""
    files = Files()
    while True:
        try:
            request, _ = channel.receive()
        except (EOFError, ConnectionError):
            return
        with Signs(channel):
            try:
                reply, arrays = answer(files, request)
            except InputError as problem:
                reply, arrays = {"input": _without_path(str(problem), request["file"])}, []
            except Exception as problem:  # a decoder may raise anything over a damaged file: the log has it in full
                LOG.exception("%s", request["file"]["path"])
                reply, arrays = {"damage": _without_path(first_line(problem), request["file"])}, []
        try:
            channel.send(reply, arrays)
        except ConnectionError:  # nobody waits for it any more
            return


def _without_path(text: str, file: dict[str, Any]) -> str:
    """Return a text with what a person calls the file where a library has put its path."""
    return text.replace(file["path"], file["label"])


def main() -> None:
    """Serve the socket whose number is the one argument."""
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter(logging.BASIC_FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    try:  # where memory runs out, the system should end this process and not the server
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        LOG.debug("no such setting on this system")
    import pyproj  # noqa: F401  before ecCodes: loaded after it, pyproj ends the process
    import xarray  # noqa: F401  now, so that the first file need not wait

    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    channel.send({"sign": time.monotonic()})  # from now on silence means that something is wrong
    serve(channel)


if __name__ == "__main__":
    main()

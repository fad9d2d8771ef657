"""Small servers on this machine, for stores that are opened by address."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[ThreadingHTTPServer]:
    """Let this class answer at a port of this machine, each request on a thread of its own, and yield the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def address_of(server: ThreadingHTTPServer) -> str:
    """Return where a server is found."""
    return f"http://127.0.0.1:{server.server_port}"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder, and yield the address."""
    with listening(partial(Quiet, directory=str(folder))) as server:
        yield address_of(server)

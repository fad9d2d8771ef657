"""A real server inside this process, on a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bokeh.server.server import Server
from tornado.ioloop import IOLoop

from dashboard.server import build_server
from scripts.driver import free_port

PATIENCE = 60  # seconds, until a test gives up


@dataclass(frozen=True)
class Served:
    """The server, its loop and its address."""

    server: Server
    loop: IOLoop
    port: int

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"


@contextmanager
def serving(catalogue: Any, **options: Any) -> Iterator[Served]:
    """Serve the pages until the context ends; `options` are those of `build_server`."""
    started, parts = threading.Event(), {}

    def run() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        loop, port = IOLoop.current(), free_port()
        server = build_server(catalogue, port, loop=loop, **options)
        server.start()
        parts["served"] = Served(server, loop, port)
        loop.add_callback(started.set)
        loop.start()
        server.stop()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(PATIENCE)
    served = parts["served"]
    yield served
    served.loop.add_callback(served.loop.stop)
    thread.join(PATIENCE)

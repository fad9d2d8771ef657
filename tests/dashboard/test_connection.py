"""How long the server keeps a session whose page was left, and one whose connection was lost."""

import asyncio
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import AsyncMock, Mock

import pytest
from tornado.websocket import websocket_connect

from backends.fields.catalogue import Catalogue
from dashboard.connection import GOING_AWAY, Socket
from tests.dashboard.serving import PATIENCE, serving
from tests.dashboard.test_access import token_of


@pytest.mark.parametrize("left", [True, False], ids=["page left", "connection lost"])
def test_a_session_is_kept_when_its_connection_was_lost(tmp_path, left):
    with serving(Catalogue(tmp_path), check_unused_sessions_milliseconds=50) as served, ThreadPoolExecutor(1) as pool:
        with urllib.request.urlopen(f"{served.address}/", timeout=PATIENCE) as answer:
            token = token_of(answer.read().decode())
        (session,) = served.server.get_sessions("/")

        async def visit():
            socket = await websocket_connect(f"ws://localhost:{served.port}/ws", subprotocols=["bokeh", token])
            await socket.read_message()
            if left:
                socket.close(GOING_AWAY)
                await socket.read_message()
            else:
                socket.protocol.stream.close()

        pool.submit(asyncio.run, visit()).result(PATIENCE)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and session.connection_count:
            time.sleep(0.02)
        assert session.connection_count == 0
        end = time.monotonic() + (PATIENCE if left else 0.5)
        while time.monotonic() < end and served.server.get_sessions("/"):
            time.sleep(0.02)
        assert len(served.server.get_sessions("/")) == (0 if left else 1)


def test_a_page_that_was_given_up_may_still_say_something_and_leave(tmp_path, caplog):
    """As Bokeh gives one up that a ping does not reach, before it is told that the connection has ended."""
    with serving(Catalogue(tmp_path)) as served, ThreadPoolExecutor(1) as pool:
        with urllib.request.urlopen(f"{served.address}/", timeout=PATIENCE) as answer:
            token = token_of(answer.read().decode())
        tornado, done = served.server._tornado, threading.Event()

        async def visit():
            socket = await websocket_connect(f"ws://localhost:{served.port}/ws", subprotocols=["bokeh", token])
            await socket.read_message()
            served.loop.add_callback(lambda: [tornado.client_lost(connection) for connection in list(tornado._clients)])
            while tornado._clients:
                await asyncio.sleep(0.02)
            await socket.write_message("anything")
            socket.close(GOING_AWAY)
            await socket.read_message()
            served.loop.add_callback(done.set)

        pool.submit(asyncio.run, visit()).result(PATIENCE)
        assert done.wait(PATIENCE)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "ends", [None, Mock(is_closing=lambda: True), Mock(is_closing=lambda: False)], ids=["gone", "going", "open"]
)
def test_nothing_is_sent_where_the_connection_has_ended(ends):
    message, socket = Mock(send=AsyncMock()), object.__new__(Socket)
    socket.ws_connection = ends
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, socket.send_message(message)).result(PATIENCE)
    assert message.send.await_count == (ends is not None and not ends.is_closing())

"""What changes while a browser is being written to reaches it, too."""

import asyncio

import pytest
from bokeh.document import Document
from bokeh.document.events import ModelChangedEvent
from bokeh.models import Div
from panel.io import document as panel

from dashboard.delivery import send_all
from dashboard.messages import SparingProtocol


class Slow:
    """A socket whose writes last until somebody ends them."""

    def __init__(self) -> None:
        self.texts, self.writes = [], []

    def write(self, message) -> "asyncio.Future[None]":
        self.texts += [event["new"] for event in message.content["events"]]
        self.writes.append(asyncio.get_running_loop().create_future())
        return self.writes[-1]


class Connection:
    """A connection to a browser, as far as Panel asks for it."""

    def __init__(self) -> None:
        self._socket, self.protocol = Slow(), SparingProtocol()


@pytest.fixture
def connection(monkeypatch):
    monkeypatch.setitem(panel.extra_socket_handlers, Slow, lambda to, msg: [to._socket.write(msg)])
    return Connection()


async def _quiet() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_change_just_as_the_writing_of_another_ends_is_sent(connection):
    send_all()
    document, div = Document(), Div(text="")
    document.add_root(div)

    def change(text: str) -> None:
        panel.schedule_write_events(document, [connection], [ModelChangedEvent(document, div, "text", text)])

    async def talk() -> None:
        socket = connection._socket
        change("first")
        await _quiet()
        socket.writes[0].set_result(None)  # the task that wrote it goes on in the next turn,
        change("second")  # and that of this change after it
        await _quiet()
        assert socket.texts == ["first", "second"]
        socket.writes[1].set_result(None)
        await _quiet()
        assert document not in panel._WRITE_MSGS
        assert document not in panel._WRITE_BLOCK

    asyncio.run(talk())

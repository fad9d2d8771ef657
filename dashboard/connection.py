"""The server's ends of the connections: sessions whose connection was lost are kept for a while, those left are not."""

import asyncio
from typing import Any

from bokeh.protocol.message import Message
from bokeh.protocol.receiver import Receiver
from bokeh.server.urls import per_app_patterns
from panel.io.server import WSHandler
from tornado.escape import utf8
from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketProtocol, WebSocketProtocol13

from dashboard.activity import happened
from dashboard.arrival import asked_for
from dashboard.collection import COLLECTION
from dashboard.messages import SparingProtocol
from dashboard.rooms.gate import refused

#: A session whose connection is lost is kept for so long; `assets/connection.js` comes back to it.
KEEP_SECONDS = 90
#: How long a page that is open may come back. Bokeh's five minutes would be over in most lectures.
TOKEN_SECONDS = 24 * 3600
#: What a browser says when a page is left or closed (RFC 6455, 7.4.1); a connection that breaks says nothing.
GOING_AWAY = 1001

#: Kinds of frames (RFC 6455, 5.2).
_TEXT, _BINARY = 0x1, 0x2


class Gathered:
    """A stream that hands on what is written to it in one turn of the event loop in one piece.

    A message of Bokeh's is three frames, and two more for each array in it. Each would be a call of the operating system, of
    which twenty take longer than computing an analysis and drawing up the message.
    """

    def __init__(self, stream: IOStream) -> None:
        self._stream, self._loop = stream, asyncio.get_running_loop()
        self._parts: list[bytes] = []
        #: Done while the operating system takes everything at once; then nobody has to wait.
        self._sent: asyncio.Future[None] = self._loop.create_future()
        self._sent.set_result(None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, data: bytes) -> "asyncio.Future[None]":
        """Write in a moment; the future is done when what was written before has left."""
        if self._stream.closed():
            raise StreamClosedError
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        return self._sent

    def close(self, exc_info: Any = False) -> None:
        """Write what is left, and close."""
        self._send()
        self._stream.close(exc_info)

    def _send(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._stream.closed():  # whoever writes next is told that it is
            self._sent = self._stream.write(b"".join(parts))


class Frames(WebSocketProtocol13):
    """The frames of a websocket, for which no task is begun where nobody has to wait.

    Tornado begins one for each frame, and who sends a message waits for it before the next frame: so the three frames of an
    answer would leave in three turns of the event loop, in three pieces.
    """

    def write_message(self, message: str | bytes | dict[str, Any], binary: bool = False) -> "asyncio.Future[None]":
        """Write a frame; the future is done when what was written before has left.

        Raises
        ------
        WebSocketClosedError
            If the connection is closed; or the future does.
        """
        if isinstance(message, dict) or self._compressor is not None:
            return super().write_message(message, binary)
        data = utf8(message)
        self._message_bytes_out += len(data)
        try:
            sent = self._write_frame(True, _BINARY if binary else _TEXT, data)
        except StreamClosedError as problem:
            raise WebSocketClosedError from problem
        return sent if sent.done() and sent.exception() is None else asyncio.ensure_future(_until(sent))


async def _until(sent: "asyncio.Future[None]") -> None:
    try:
        await sent
    except StreamClosedError as problem:
        raise WebSocketClosedError from problem


class Socket(WSHandler):
    """The end of a websocket on the server."""

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Return what writes and reads frames."""
        protocol = super().get_websocket_protocol()
        return Frames(self, False, protocol.params) if isinstance(protocol, WebSocketProtocol13) else protocol

    def detach(self) -> Any:
        """Return the stream that the websocket reads and writes from now on."""
        return Gathered(super().detach())

    async def _async_open(self, token: str) -> None:
        await super()._async_open(token)
        if self.connection is not None:
            self.connection._protocol = protocol = SparingProtocol()
            self.receiver = Receiver(protocol)  # type: ignore[assignment]  # Bokeh declares that there is none

    async def on_message(self, fragment: str | bytes) -> None:
        """Act on what the browser says."""
        if not self._given_up():
            await super().on_message(fragment)

    async def _handle(self, message: Message[Any]) -> Any | None:
        """Act on a message, as far as its sender may say it, and tell who follows the page."""
        if self.connection is None:
            return await super()._handle(message)
        if message.msgtype == "PULL-DOC-REQ":
            asked_for(self.connection.session.document)
        answer = refused(message, self.connection)
        if answer is None:
            answer = await super()._handle(message)
        if self.connection is not None and not self._given_up():  # it may be by now
            happened(self.connection.session.id)
            COLLECTION.heard()
        return answer

    async def send_message(self, message: Message[Any]) -> None:
        """Send a message, but none where the connection has ended, though what came before is still acted on.

        Bokeh would warn of each answer. None is missed: a page that was left waits for nothing, one whose connection was lost
        is loaded anew with all that its session holds.
        """
        if self.ws_connection is not None and not self.ws_connection.is_closing():
            await super().send_message(message)

    def on_close(self) -> None:
        """Let the session go at the next occasion if its page was left."""
        if self._given_up():
            return
        if self.close_code == GOING_AWAY and self.connection is not None:
            self.connection.session.request_expiration()
        super().on_close()

    def _given_up(self) -> bool:
        """Return whether Bokeh has let go of the session, as where a ping finds the connection closed before it is told."""
        return self.connection is not None and self.connection._session is None


def keep_lost_sessions() -> dict[str, object]:
    """Return the options of :func:`panel.serve` for this, after having put `Socket` into the place of Panel's."""
    # Bokeh has no option for it; Panel puts its own in the same way.
    place = next(number for number, (_, view, *_) in enumerate(per_app_patterns) if issubclass(view, WSHandler))
    per_app_patterns[place] = ("/ws", Socket)
    return {"unused_session_lifetime_milliseconds": 1000 * KEEP_SECONDS, "session_token_expiration": TOKEN_SECONDS}

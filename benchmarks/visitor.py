"""A visitor without a browser: opens a page, speaks Bokeh's protocol over the websocket, and moves a slider of it.

What a browser would draw is not drawn, and the document stays the plain JSON that came, so that hundreds fit on one machine.
"""

import asyncio
import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bokeh.protocol import Protocol
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.protocol.receiver import Receiver
from bokeh.util.token import get_session_id
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

#: What the page writes above an analysis: the settings that it was made with.
SETTINGS = re.compile(r'data-role="settings">for σ<sub>b</sub> (\S+)')
TIMEOUT = 300.0
MESSAGE_LIMIT = 100 * 2**20


@dataclass
class Move:
    """One value of the slider: when it was sent, and when the picture of it, or of a later one, was there."""

    value: str
    sent: float
    answered: float | None = None
    own: bool = False


@dataclass
class Visitor:
    """One visitor of the Analysis page.

    Attributes
    ----------
    address
        Of the server, such as ``http://localhost:5006``.
    slider
        The label of the slider, as the page shows it.
    opened
        Seconds from asking for the page to its first picture.
    moves
        All that were made so far.
    """

    address: str
    slider: str = "σ_b"
    opened: float | None = None
    moves: list[Move] = field(default_factory=list)
    received: int = 0

    async def open(self) -> None:
        """Open the page as a browser does, and wait for the first picture."""
        self._pictured = asyncio.Event()
        start = time.perf_counter()
        page = f"{self.address}/analysis"
        answer = await AsyncHTTPClient().fetch(HTTPRequest(page, request_timeout=TIMEOUT, connect_timeout=TIMEOUT))
        token = re.search(r'"token":"([^"]+)"', html.unescape(answer.body.decode()))
        if token is None:
            raise ValueError(f"the page {page} names no session")
        self._session = get_session_id(token[1])
        request = HTTPRequest(f"{page.replace('http', 'ws', 1)}/ws", request_timeout=TIMEOUT, connect_timeout=TIMEOUT)
        self._socket: WebSocketClientConnection = await websocket_connect(
            request, subprotocols=["bokeh", token[1]], max_message_size=MESSAGE_LIMIT
        )
        self._protocol, self._sending = Protocol(), asyncio.Lock()
        self._receiver = Receiver(self._protocol)
        await self._next()  # the server's greeting
        await self._send(self._protocol.create("PULL-DOC-REQ"))
        while (reply := await self._next()).msgtype != "PULL-DOC-REPLY":
            pass
        document = reply.content["doc"]
        self._slider_model = _model(document, self.slider)
        self._reading = asyncio.ensure_future(self._read())
        await self._patch({
            "kind": "MessageSent", "msg_type": "bokeh_event",
            "msg_data": {"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}},
        })  # fmt: skip
        if not SETTINGS.search(html.unescape(json.dumps(document, ensure_ascii=False)).replace('\\"', '"')):
            await asyncio.wait_for(self._pictured.wait(), TIMEOUT)
        self.opened = time.perf_counter() - start

    async def move(self, value: float) -> None:
        """Move the slider; :attr:`moves` tells when the answer came."""
        self.moves.append(Move(f"{value:.4g}", time.perf_counter()))
        await self._patch({"kind": "ModelChanged", "model": {"id": self._slider_model}, "attr": "value", "new": value})

    async def leave(self) -> None:
        """Close the page."""
        self._reading.cancel()
        self._socket.close()

    @property
    def lost(self) -> bool:
        """Whether the last value that was sent is not the one that was answered last."""
        return bool(self.moves) and not self.moves[-1].own

    async def _patch(self, event: Any) -> None:
        await self._send(patch_doc(patch_doc.create_header(), {}, {"events": [event]}))

    async def _send(self, message: Any) -> None:
        async with self._sending:
            for fragment in (message.header_json, message.metadata_json, message.content_json):
                await self._socket.write_message(fragment)

    async def _next(self) -> Any:
        """Return the next message of the server."""
        while True:
            fragment = await self._socket.read_message()
            if fragment is None:
                raise ConnectionError("the server closed the connection")
            self.received += len(fragment)
            if (message := await self._receiver.consume(fragment)) is not None:
                return message

    async def _read(self) -> None:
        while True:
            message = await self._next()
            now = time.perf_counter()
            if message.msgtype == "ERROR":
                raise ConnectionError(f"the server answered {message.content}")
            if message.msgtype == "PATCH-DOC":
                self._on_patch(message.content["events"], now)

    def _on_patch(self, events: list[dict[str, Any]], now: float) -> None:
        shown = next((found[1] for text in _texts(events) if (found := SETTINGS.search(text))), None)
        if shown is None or not any(event["kind"] == "ColumnDataChanged" or event.get("attr") == "data" for event in events):
            return
        self._pictured.set()
        for number, move in enumerate(self.moves):
            if move.value == shown and move.answered is None:
                move.own = True
                for earlier in self.moves[: number + 1]:
                    earlier.answered = earlier.answered or now


def _texts(events: list[dict[str, Any]]) -> Iterator[str]:
    return (html.unescape(event["new"]) for event in events if isinstance(event.get("new"), str))


def _model(node: Any, label: str) -> str:
    """Return the id of the model in a document whose label begins with a text."""
    found = _find(node, label)
    if found is None:
        raise ValueError(f"the page has no control {label!r}")
    return found


def _find(node: Any, label: str) -> str | None:
    if isinstance(node, dict):
        own = node.get("attributes")
        if isinstance(own, dict) and str(own.get("label", "")).startswith(label) and "id" in node:
            return str(node["id"])
        parts = list(node.values())
    elif isinstance(node, list):
        parts = node
    else:
        return None
    return next((found for part in parts if (found := _find(part, label)) is not None), None)

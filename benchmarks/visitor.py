"""A visitor without a browser: opens a page, speaks Bokeh's protocol over the websocket, and moves a slider of it.

What a browser would draw is not drawn, and what the server sends is looked through as text and not taken apart, so that a
hundred visitors take little of the machine that they share with the server.
"""

import asyncio
import html
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

#: What the page writes above an analysis: the settings that it was made with. In messages it is HTML that has been escaped.
SETTINGS = re.compile(r"data-role=&quot;settings&quot;&gt;for \\u03c3&lt;sub&gt;b&lt;/sub&gt; ([\d.e-]+)")
#: How a message tells that a picture has new data.
PICTURE = re.compile(r'"kind":"ColumnDataChanged"|"attr":"data"')
TIMEOUT = 300.0
MESSAGE_LIMIT = 100 * 2**20
#: What a browser says when a page is left.
GOING_AWAY = 1001
READY = {"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}}


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
    path
        Of what is opened there; it may lead to the page.
    slider
        The label of the slider, as the page shows it.
    opened
        Seconds from asking for the page to its first picture.
    moves
        All that were made so far.
    received
        Bytes that came over the websocket.
    fault
        Why nothing comes any more, or nothing.
    """

    address: str
    path: str = "/analysis"
    slider: str = "σ_b"
    opened: float | None = None
    moves: list[Move] = field(default_factory=list)
    received: int = 0
    fault: str = ""

    def __post_init__(self) -> None:
        self._pictured, self._sending, self._sent = asyncio.Event(), asyncio.Lock(), 0
        self._unseen = [SETTINGS, PICTURE]

    async def open(self) -> None:
        """Open the page as a browser does, and wait for the first picture."""
        start = time.perf_counter()
        # It keeps the cookie of a proxy.
        self._browser = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        async with self._browser.get(self.address + self.path) as answer:
            answer.raise_for_status()
            page = str(answer.url.with_query(None))
            token = re.search(r'"token":"([^"]+)"', html.unescape(await answer.text()))
        if token is None:
            raise ValueError(f"the page {page} names no session")
        self._socket = await self._browser.ws_connect(
            f"{page}/ws", protocols=("bokeh", token[1]), max_msg_size=MESSAGE_LIMIT, autoping=True
        )
        await self._next()  # the server's greeting
        await self._send("PULL-DOC-REQ", {})
        while (reply := await self._next())[0] != "PULL-DOC-REPLY":
            pass
        self._arrived(json.loads(reply[1]))
        self._reading = asyncio.create_task(self._read())
        await self._tell(READY)
        if not SETTINGS.search(reply[1]):
            await asyncio.wait_for(self._pictured.wait(), TIMEOUT)
        self.opened = time.perf_counter() - start

    async def move(self, value: float) -> None:
        """Move the slider; :attr:`moves` tells when the answer came."""
        self.moves.append(Move(f"{value:.4g}", time.perf_counter()))
        await self._patch({"kind": "ModelChanged", "model": {"id": self._model}, "attr": "value", "new": value})

    async def leave(self) -> None:
        """Close the page."""
        if hasattr(self, "_reading"):
            self._reading.cancel()
        if hasattr(self, "_socket"):
            await self._socket.close(code=GOING_AWAY)
        await self._browser.close()

    @property
    def lost(self) -> bool:
        """Whether the last value that was sent is not the one that was answered last."""
        return bool(self.moves) and not self.moves[-1].own

    def _arrived(self, document: Any) -> None:
        """Remember of the document what will be spoken of."""
        self._model = model_of(document, "label", self.slider)

    async def _tell(self, event: dict[str, Any]) -> None:
        await self._patch({"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event})

    async def _patch(self, event: dict[str, Any]) -> None:
        await self._send("PATCH-DOC", {"events": [event]})

    async def _send(self, kind: str, content: dict[str, Any]) -> None:
        async with self._sending:
            self._sent += 1
            for part in ({"msgid": f"{self._sent}", "msgtype": kind}, {}, content):
                await self._socket.send_str(json.dumps(part))

    async def _next(self) -> tuple[str, str]:
        """Return the kind of the next message of the server, and its content; data that come apart from it are passed over."""
        header = json.loads(await self._part())
        await self._part()  # what nobody uses
        content = await self._part()
        for _ in range(2 * header.get("num_buffers", 0)):
            await self._part()
        return header["msgtype"], content

    async def _part(self) -> Any:
        message = await self._socket.receive()
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            raise ConnectionError(f"the server closed the connection: {message.data!r} {message.extra or ''}")
        self.received += len(message.data)
        return message.data

    async def _read(self) -> None:
        try:
            while True:
                kind, content = await self._next()
                if kind == "ERROR":
                    raise ConnectionError(f"the server answered {content:.300}")
                if kind == "PATCH-DOC":
                    self._on_patch(content, time.perf_counter())
        except (ConnectionError, aiohttp.ClientError) as problem:
            self.fault = f"{problem}"

    def _on_patch(self, content: str, now: float) -> None:
        # What is ready when the browser has loaded the page comes in many messages, what a move brings in one.
        self._unseen = [pattern for pattern in self._unseen if pattern.search(content) is None]
        if not self._unseen:
            self._pictured.set()
        shown = SETTINGS.search(content)
        if shown is None or PICTURE.search(content) is None:
            return
        for number, move in enumerate(self.moves):
            if move.value == shown[1] and move.answered is None:
                move.own = True
                for earlier in self.moves[: number + 1]:
                    earlier.answered = earlier.answered or now


def model_of(document: Any, attribute: str, text: str) -> str:
    """Return the id of the model in a document of which an attribute begins with a text."""
    waiting = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            own = part.get("attributes")
            if isinstance(own, dict) and str(own.get(attribute, "")).startswith(text) and "id" in part:
                return str(part["id"])
            waiting += reversed(part.values())
        elif isinstance(part, list):
            waiting += reversed(part)
    raise ValueError(f"the page has nothing whose {attribute} is {text!r}")

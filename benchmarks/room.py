"""Visitors without a browser in a room: a presenter of the Analysis page, and those who follow."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from benchmarks.visitor import TIMEOUT, Move, Visitor, model_of

CODE, VERSION = (re.compile(rf'\["{name}", ?"?(\w+)"?\]') for name in ("code", "version"))


@dataclass
class Presenter(Visitor):
    """A visitor who opens a room; `code` is its code."""

    code: str = ""

    async def open_room(self) -> None:
        """Press the button in the header, and wait for the code."""
        self._open = asyncio.Event()
        await self._tell(message_to(self._button, open=True, origin=self.address))
        await asyncio.wait_for(self._open.wait(), TIMEOUT)

    def _arrived(self, document: Any) -> None:
        super()._arrived(document)
        self._button = model_of(document, "class_name", "RoomButton")

    def _on_patch(self, content: str, now: float) -> None:
        super()._on_patch(content, now)
        if not self.code and (found := CODE.search(content)):
            self.code = found[1]
            self._open.set()


@dataclass
class Follower(Visitor):
    """A visitor who follows a room; `moves` are the presenter's, and when this page showed their pictures."""

    def expect(self, move: Move) -> None:
        """Wait for what the presenter has just done."""
        self.moves.append(Move(move.value, move.sent))

    def _arrived(self, document: Any) -> None:
        self._bar, self._seen = model_of(document, "class_name", "FollowBar"), set[asyncio.Task[None]]()

    def _on_patch(self, content: str, now: float) -> None:
        super()._on_patch(content, now)
        if found := VERSION.search(content):  # the next state comes when the browser has said that it has this one
            answer = asyncio.create_task(self._tell(message_to(self._bar, seen=int(found[1]))))
            self._seen.add(answer)
            answer.add_done_callback(self._seen.discard)


def message_to(model: str, **said: object) -> dict[str, Any]:
    """Return the event by which the script of a component says something to the server."""
    entries = [["model", {"id": model}], ["data", {"type": "map", "entries": [[name, value] for name, value in said.items()]}]]
    return {"type": "event", "name": "data_event", "values": {"type": "map", "entries": entries}}

"""The page of a follower: it takes over what the presenter shows, one state after the other, and nothing else changes it."""

from collections.abc import Sequence
from typing import Any

import panel as pn
import param

from backends.experiments.pairs import Pairs
from backends.pictures.coastlines import ASSETS
from dashboard.address import LONGEST, TOO_LONG, Address
from dashboard.controls import one_message
from dashboard.rooms import gate
from dashboard.rooms.end import PageEnd
from dashboard.rooms.registry import ROOMS, Room, Shown
from dashboard.rooms.script import RoomScript

#: Keys of what belongs to the presenter and is not part of one's own copy.
NOT_COPIED = ("race",)


class FollowBar(RoomScript):
    """The bar at the bottom of a page that follows; the browser says over it what has arrived, and that a copy is wanted."""

    state = param.Dict(
        {"code": "", "is": "following", "version": 0, "go": "", "said": ""},
        doc="The room, whether its presenter is there, what the page shows, where the browser is to go, and a sentence.",
    )

    _esm = (ASSETS / "follow.js").read_text(encoding="utf-8")

    def __init__(self, on_message: Any) -> None:
        super().__init__(on_message, width=0, height=0, margin=0)


class Following(PageEnd):
    """A page that follows a room.

    Parameters
    ----------
    room
        The room.
    path
        Of the page.
    theme
        Of the addresses that the browser is sent to.

    Raises
    ------
    InputError
        If the room is full.
    """

    def __init__(self, room: Room, path: str, theme: str = "") -> None:
        self.room, self.path, self._theme = room, path, theme
        self._address: Address | None = None
        #: What the page is made with, and then what it has been given.
        self.shown, self._taken, self._awaited = room.shown, room.version, False
        self.bar = FollowBar(self._on_message)
        self.bar.say(code=room.code, version=self._taken)
        room.join(self)
        if not self.here:
            self._leave_for(room.shown)
        super().__init__()

    @property
    def here(self) -> bool:
        """Whether the presenter is on this page; otherwise the browser is sent to another."""
        return self.shown.path == self.path

    @property
    def query(self) -> str:
        """Of the address that says what the page is to begin with."""
        return self.shown.query(self._theme)

    def move(self, address: Address | None, answering: Sequence[Any] = ()) -> None:
        """Let the room move a page, and nobody else.

        Parameters
        ----------
        address
            Takes over states of the page; its own query stays as it is. None of a page without a state.
        answering
            Components by which the browser answers the page by itself.
        """
        self._address = address
        if address is not None:
            address.close()
        if self._document is not None:
            gate.shut(self._document, (self.bar, *answering))

    def close(self) -> None:
        """Leave the room when the session ends."""
        super().close()
        self.room.leave(self)
        if self._document is not None:
            gate.forget(self._document)

    def _look(self) -> None:
        room = self.room
        self.bar.say(**{"is": "closed" if room.closed else "away" if room.away else "following"})
        if room.version == self._taken or self._awaited:
            return
        shown = room.shown
        if (shown.path, shown.scene) != (self.path, self.shown.scene):
            self._leave_for(shown)
            return
        # The browser answers when this has reached it: one that is slow gets the newest then, and not all on the way.
        self._awaited = self._document is not None
        self.shown, self._taken = shown, room.version
        with one_message():
            if self._address is not None:
                self._address.apply(shown.pairs, whole=True)
            self.bar.say(version=self._taken)

    def _leave_for(self, shown: Shown) -> None:
        theme = f"&theme={self._theme}" if self._theme else ""
        self.bar.say(go=f"{shown.path}?room={self.room.code}{theme}")

    def _on_message(self, data: dict[str, Any]) -> None:
        if data.get("seen") == self._taken:
            self._awaited = False
            self._look()
        elif data.get("own") is True:
            self._copy()

    def _copy(self) -> None:
        """Send the browser to a copy of what is shown, which is the visitor's own."""
        shown = self.shown
        own = Shown(shown.path, shown.scene, _without(shown.pairs, NOT_COPIED))
        query = own.query(self._theme)
        if len(query) > LONGEST:
            self.bar.say(said=TOO_LONG.format(length=len(query), longest=LONGEST))
        else:
            self.bar.say(go=own.path + query)


def asked_to_follow(path: str, theme: str) -> Following | None:
    """Return how the page that is being made follows the room in its address; None if there is none in it.

    Raises
    ------
    InputError
        If there is no such room, or it is full.
    """
    code = pn.state.session_args.get("room", [b""])[0].decode(errors="replace")
    return Following(ROOMS.find(code, _visitor()), path, theme) if code else None


def _visitor() -> str:
    """Return where in the network the visitor is."""
    document = pn.state.curdoc
    context: Any = None if document is None else document.session_context
    return "" if context is None or context.request is None else str(context.request.remote_ip)


def _without(pairs: Pairs, keys: tuple[str, ...]) -> Pairs:
    return tuple(pair for pair in pairs if pair[0] not in keys)

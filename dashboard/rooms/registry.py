"""The rooms of this server: what a presenter shows, and who follows. They belong to the process and to no tab.

All of it happens on the server's event loop.
"""

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from backends.errors import InputError
from backends.experiments.pairs import Pairs
from dashboard.address import query_of

#: Of codes: none is taken for another, read or heard, and without vowels no code is a word.
LETTERS = "BCDFGHJKMNPQRSTVWXYZ"
LENGTH = 5
MOST_ROOMS = 20
#: Pages that follow one room; a server has no more places for pages at all, unless it is told to.
MOST_FOLLOWERS = 200
#: Seconds that a room outlives the last page of its presenter.
AWAY = 1800.0
#: Wrong codes that may come from one address of the network in so many seconds. A lecture hall often has one for all.
MOST_WRONG, WITHIN = 60, 60.0
#: Seconds between one follower and the next, so that the presenter's own page is served in between.
SPREAD = 0.01


@dataclass(frozen=True)
class Shown:
    """What a presenter shows: a page, the scene that it stands in, and the state as its address says it."""

    path: str
    scene: str = ""
    pairs: Pairs = ()

    def query(self, theme: str = "") -> str:
        """Return the query of the page's address; nothing of a page without a state."""
        return query_of(self.pairs, theme, self.scene) if self.pairs or self.scene else ""


class End(Protocol):
    """A page that has to do with a room."""

    def wake(self, wait: float) -> None:
        """Look at the room again in so many seconds."""


class Room:
    """A presenter's room.

    Attributes
    ----------
    code, secret
        Who knows the code may follow, who knows the secret moves the room.
    shown, version
        What there is to see, and how often it has changed.
    closed
        Whether it is over.
    """

    def __init__(self, code: str, shown: Shown) -> None:
        self.code, self.secret = code, secrets.token_urlsafe(24)
        self.shown, self.version, self.closed = shown, 0, False
        self._followers: list[End] = []
        self._presenters: list[End] = []
        self._left = time.monotonic()

    @property
    def followers(self) -> int:
        """Number of pages that follow."""
        return len(self._followers)

    @property
    def away(self) -> bool:
        """Whether no page of the presenter is open."""
        return not self._presenters

    @property
    def over(self) -> bool:
        """Whether the presenter has been away for too long."""
        return self.away and time.monotonic() - self._left > AWAY

    @property
    def rest(self) -> float:
        """Seconds that a follower waits from one picture of what moves by itself to the next, so that all have their turn."""
        return SPREAD * len(self._followers)

    def show(self, shown: Shown) -> None:
        """Let followers see something; those that are slow see the newest only."""
        if shown != self.shown:
            self.shown, self.version = shown, self.version + 1
            self._wake_followers()

    def join(self, follower: End) -> None:
        """Let a page follow.

        Raises
        ------
        InputError
            If the room is full.
        """
        if len(self._followers) >= MOST_FOLLOWERS:
            raise InputError(f"{MOST_FOLLOWERS} pages follow room {self.code} already; try again when somebody has left")
        self._followers.append(follower)
        self._wake_presenters()

    def leave(self, follower: End) -> None:
        """Let a page go."""
        if follower in self._followers:
            self._followers.remove(follower)
            self._wake_presenters()

    def hold(self, presenter: End, secret: str) -> bool:
        """Take a page of the presenter, who says the secret; return whether it is the right one."""
        if self.closed or not hmac.compare_digest(secret.encode(), self.secret.encode()):
            return False
        if presenter not in self._presenters:
            self._presenters.append(presenter)
            if len(self._presenters) == 1:
                self._wake_followers()
        return True

    def let_go(self, presenter: End) -> None:
        """Forget a page of the presenter, which he has left."""
        if presenter in self._presenters:
            self._presenters.remove(presenter)
            if not self._presenters:
                self._left = time.monotonic()
                self._wake_followers()

    def close(self) -> None:
        """End it, and tell everybody."""
        self.closed = True
        self._wake_followers()
        self._wake_presenters()

    def _wake_followers(self) -> None:
        for number, follower in enumerate(self._followers):
            follower.wake(SPREAD * number)

    def _wake_presenters(self) -> None:
        for presenter in self._presenters:
            presenter.wake(0.0)


class Rooms:
    """All rooms of the process, by code.

    Parameters
    ----------
    clock
        Seconds that only go on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._rooms: dict[str, Room] = {}
        self._wrong: dict[str, deque[float]] = {}
        self._clock = clock

    def open(self, shown: Shown) -> Room:
        """Return a new room.

        Raises
        ------
        InputError
            If there are too many.
        """
        self._sweep()
        if len(self._rooms) >= MOST_ROOMS:
            raise InputError(f"{MOST_ROOMS} rooms are open on this server already; try again when one has been closed")
        code = _code()
        while code in self._rooms:
            code = _code()
        room = self._rooms[code] = Room(code, shown)
        return room

    def get(self, code: str) -> Room | None:
        """Return the room of a code, however it is written, for somebody who has been told it."""
        self._sweep()
        return self._rooms.get(plain(code))

    def find(self, code: str, visitor: str) -> Room:
        """Return the room of a code that somebody has typed, or come with.

        Parameters
        ----------
        code
            As it came.
        visitor
            The address in the network that it came from.

        Raises
        ------
        InputError
            If there is none, or too many wrong codes have come from there.
        """
        now = self._clock()
        wrong = self._wrong.get(visitor, deque())
        while wrong and now - wrong[0] > WITHIN:
            wrong.popleft()
        if len(wrong) >= MOST_WRONG:
            raise InputError(f"room: {MOST_WRONG} wrong codes came from your network within a minute; try again in a minute")
        room = self.get(code)
        if room is None:
            self._wrong = {other: times for other, times in self._wrong.items() if times and now - times[-1] <= WITHIN}
            self._wrong.setdefault(visitor, wrong).append(now)
            raise InputError(
                f"room: there is none with this code on this server. A code has {LENGTH} letters, and ends with its room; "
                f"came {code!r:.20}"
            )
        return room

    def close(self, room: Room) -> None:
        """End a room."""
        self._rooms.pop(room.code, None)
        room.close()

    def _sweep(self) -> None:
        for room in [room for room in self._rooms.values() if room.over]:
            self.close(room)


def plain(code: str) -> str:
    """Return a code without what people write between its letters, in capitals."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def _code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


#: The one collection of this process.
ROOMS = Rooms()

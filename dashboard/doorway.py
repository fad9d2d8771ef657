"""Who comes first is served first, and who is inside is served before.

A page takes much of a second of the server's time: it is made, its browser loads the scripts, asks for the document and is
sent the first pictures. If all who come in the same moment were served in turn at each of these steps, nobody would have a page
before everybody has. So one page is made at a time, in the order of coming, and the next one when the server has nothing else
to do.
"""

import asyncio
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tornado.web import Application

#: Seconds in which an event loop has nothing else to do when it comes back from them in time.
LOOK = 0.01
#: Seconds after which the next page is made in any case: those who are inside may always have something to do.
LATEST = 1.0


class Doorway:
    """Where visitors of one server enter; to be used on its event loop.

    Parameters
    ----------
    latest
        Seconds that one who is next waits for the server to have nothing else to do.
    """

    def __init__(self, latest: float = LATEST) -> None:
        self._latest = latest
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def entered(self, waits: Callable[[], bool] = lambda: True) -> AsyncIterator[None]:
        """Wait until it is one's turn, and keep it until the end of the context.

        Parameters
        ----------
        waits
            Whether the visitor still waits; those who do not hold up nobody.
        """
        if self._taken:
            await self._turn()
        self._taken = True
        try:
            if waits():
                await self._nothing_else()
            yield
        finally:
            self._next()

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # otherwise it was cancelled
                turn.set_result(None)
                return
        self._taken = False

    async def _nothing_else(self) -> None:
        begun = before = time.monotonic()
        while before - begun < self._latest:
            await asyncio.sleep(LOOK)
            now = time.monotonic()
            if now - before < 1.5 * LOOK:
                return
            before = now


_DOORWAYS: "weakref.WeakKeyDictionary[Application, Doorway]" = weakref.WeakKeyDictionary()


def doorway(server: Application) -> Doorway:
    """Return the doorway of a server."""
    if server not in _DOORWAYS:
        _DOORWAYS[server] = Doorway(LATEST)
    return _DOORWAYS[server]

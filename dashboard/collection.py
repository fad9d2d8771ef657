"""When the collector looks for what ended pages leave, so that those who are at work are not held up.

A page is some forty thousand objects that refer to each other in circles, which only Python's collector finds. Everybody
waits while it walks through all pages that there are; with a hundred, for more than a second. So it does after a page has
ended, as soon as nobody is at work, or when that has not come for a while.
"""

import asyncio
import gc
import time
from collections.abc import Callable

import panel.io.document

from backends.memory import give_back

#: Seconds without a message from any browser after which nobody is held up.
QUIET = 1.0
#: Seconds after the end of a page when it is collected in any case.
LATEST = 30.0
#: When the collector looks by itself: at new objects alone as usual, at all only after ten million new ones.
THRESHOLDS = (10_000, 20, 50)


class Collection:
    """Collects what ended pages leave.

    Parameters
    ----------
    quiet, latest
        Seconds: how long nobody has to have said anything, and how long that is waited for.
    """

    def __init__(self, quiet: float = QUIET, latest: float = LATEST) -> None:
        self._quiet, self._latest = quiet, latest
        self._heard, self._ended = float("-inf"), 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._afterwards: list[Callable[[], None]] = []

    def take_over(self) -> None:
        """Keep Panel from collecting everything five seconds after the end of each page, for which it has no option."""
        panel.io.document._garbage_collect = _nothing

    def heard(self) -> None:
        """Tell that a browser has said something."""
        self._heard = time.monotonic()

    def afterwards(self, call: Callable[[], None]) -> None:
        """Call this after each collection, on the event loop."""
        self._afterwards.append(call)

    def ended(self) -> None:
        """Tell that a page has ended; without an event loop, and so without visitors, it is collected at once."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._collect()
            return
        if self._loop is not loop:  # otherwise it waits already
            self._loop, self._ended = loop, time.monotonic()
            loop.call_later(self._quiet, self._look)

    def _look(self) -> None:
        assert self._loop is not None
        now = time.monotonic()
        if now - self._heard < self._quiet and now - self._ended < self._latest:
            self._loop.call_later(self._quiet, self._look)
            return
        self._loop = None
        self._collect()

    def _collect(self) -> None:
        gc.collect()
        for call in self._afterwards:
            call()
        give_back()


def _nothing() -> None:
    pass


COLLECTION = Collection()

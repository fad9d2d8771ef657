"""What a page does again and again while it is open: often while something runs, seldom while nothing does.

Panel's own periodic callbacks cost two milliseconds each time, as every one is counted as work of the whole server; a hundred
pages that rest would keep it from all else.
"""

from collections.abc import Callable

from bokeh.document import Document
from panel.io.state import set_curdoc

from dashboard.activity import follow


class Ticker:
    """Calls something on the event loop of a page, with its document locked, from when the page is made.

    Parameters
    ----------
    document
        Of the page.
    act
        What is called; returns whether something is under way.
    every, at_rest
        Milliseconds until the next time while something is under way, or the visitor does something, and otherwise.
    """

    def __init__(self, document: Document, act: Callable[[], bool], every: int, at_rest: int) -> None:
        self._document, self._act, self._every, self._at_rest = document, act, every, at_rest
        self._resting = self._over = self._following = False
        self._wait(every)

    def touch(self) -> None:
        """Look soon, as something may have happened."""
        if self._resting and not self._over:
            self._document.remove_timeout_callback(self._next)
            self._wait(self._every)

    def stop(self) -> None:
        """Call nothing any more."""
        self._over = True

    def _wait(self, milliseconds: int) -> None:
        self._resting = milliseconds > self._every
        self._next = self._document.add_timeout_callback(self._tick, milliseconds)

    def _tick(self) -> None:
        if self._over:
            return
        if not self._following:
            follow(self._document, self)
            self._following = True
        busy = False
        try:
            with set_curdoc(self._document):
                busy = self._act()
        finally:
            if not self._over:
                self._wait(self._every if busy else self._at_rest)

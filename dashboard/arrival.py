"""When the document of a page may change: while its browser loads the scripts, and again once it has the document.

The browser is first sent the frame of a page. It loads scripts, then asks for the document, which takes a while to arrive. What
changes on that way is lost, so changes wait for its end. Those that are ready before cost nobody any time: the server would be
idle while the browser loads the scripts, and the first pictures come with the document.
"""

import threading
import weakref
from collections import deque
from collections.abc import Callable

import panel as pn
from bokeh.document import Document

Change = Callable[[], None]


class Arrival:
    """The way of one document to its browser; made while the page is built.

    Parameters
    ----------
    document
        Of the page.
    """

    def __init__(self, document: Document) -> None:
        self._document = weakref.ref(document)
        self._lock = threading.Lock()
        self._waiting: deque[Change] = deque()
        self._open = self._arrived = self._over = False
        pn.state.onload(self._on_load)
        document.on_session_destroyed(self._on_end)

    def hand_over(self, change: Change) -> None:
        """Call this on the event loop of the page, with its document locked, as soon as the document may change.

        Changes are made in the order in which they come.

        Raises
        ------
        AttributeError, RuntimeError
            If Bokeh is taking the document apart.
        """
        with self._lock:
            if self._over:
                return
            self._waiting.append(change)
            now = self._open
        if now:
            self._soon()

    def begin(self) -> None:
        """Let the document change: the frame of the page is on its way, and the browser has scripts to load."""
        with self._lock:
            if self._open or self._arrived or self._over:
                return
            self._open, waiting = True, len(self._waiting)
        for _ in range(waiting):
            self._soon()

    def pause(self) -> None:
        """Keep the document as it is: the browser asks for it."""
        with self._lock:
            self._open = self._arrived

    def _soon(self) -> None:
        if (document := self._document()) is not None:
            document.add_next_tick_callback(self._on_tick)

    def _on_tick(self) -> None:
        self._next()

    def _next(self) -> bool:
        """Make the next change; return whether there was one that could be made."""
        with self._lock:
            if not self._open or not self._waiting:  # the browser was faster, or it has been made
                return False
            change = self._waiting.popleft()
        change()
        return True

    def _on_load(self) -> None:
        with self._lock:
            self._open = self._arrived = True
        while self._next():
            pass

    def _on_end(self, _session: object) -> None:
        """Let go of what was to be changed, which holds the page."""
        with self._lock:
            self._open, self._over = False, True
            self._waiting.clear()


_ARRIVALS: "weakref.WeakKeyDictionary[Document, Arrival]" = weakref.WeakKeyDictionary()


def arrival(document: Document) -> Arrival:
    """Return the way of the document whose page is being built."""
    if document not in _ARRIVALS:
        _ARRIVALS[document] = Arrival(document)
    return _ARRIVALS[document]


def sent(document: Document) -> None:
    """Tell that the browser has been sent the frame of a page."""
    if document in _ARRIVALS:
        _ARRIVALS[document].begin()


def asked_for(document: Document) -> None:
    """Tell that the browser asks for the document of a page."""
    if document in _ARRIVALS:
        _ARRIVALS[document].pause()

"""A page's end of a room: it looks at the room on its own event loop when it has been woken, once for many reasons."""

from functools import partial
from typing import Any

import panel as pn


class PageEnd:
    """What the pages of presenters and followers have in common; `_look` brings the page up to date with its room."""

    def __init__(self) -> None:
        self._document: Any = pn.state.curdoc
        self._session = None if self._document is None else self._document.session_context
        self._waking = self._closed = False
        # What changes between the browser's request for the document and its arrival is lost on the way.
        self._loaded = self._document is None
        if self._document is not None:
            pn.state.onload(self._on_load)
            pn.state.on_session_destroyed(lambda _context: self.close())

    def wake(self, wait: float) -> None:
        """Look at the room in so many seconds; at once where there is no browser."""
        if self._closed or self._waking or not self._loaded:
            return
        if self._document is None:
            self._look()
        elif self._session is None or not self._session.destroyed:
            self._waking = True
            self._document.add_next_tick_callback(partial(self._wait, wait))

    def close(self) -> None:
        """Have no more to do with the room; called when the session ends."""
        self._closed = True

    def _look(self) -> None:
        raise NotImplementedError

    def _on_load(self) -> None:
        self._loaded = True
        if not self._closed:
            self._look()

    def _wait(self, wait: float) -> None:
        if wait and not self._closed:
            self._document.add_timeout_callback(self._wake_up, max(1, int(1000 * wait)))
        else:
            self._wake_up()

    def _wake_up(self) -> None:
        self._waking = False
        if not self._closed:
            self._look()

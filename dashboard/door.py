"""The door of the server: as many pages as it can keep, and a clear answer to whoever comes when it is full."""

import os
from typing import Any

from bokeh.server.session import ServerSession
from bokeh.server.urls import per_app_patterns
from panel.io.server import DocHandler

from backends.errors import InputError
from dashboard.arrival import sent
from dashboard.doorway import doorway

#: Pages that one process keeps open at once. A hundred visitors have been measured (docs/performance.md).
MOST_VISITORS = 200
#: Seconds after which the page of a full server asks again.
AGAIN = 10


def most_visitors() -> int:
    """Return how many pages may be open at once: ``ASSIMILAB_VISITORS``, or 200.

    Raises
    ------
    InputError
        If it is no positive whole number.
    """
    text = os.environ.get("ASSIMILAB_VISITORS", "").strip()
    if not text:
        return MOST_VISITORS
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise InputError(f"ASSIMILAB_VISITORS: must be a positive whole number of pages; came {text!r:.40}")
    return int(text)


class Door(DocHandler):
    """Answers whoever asks for a page."""

    _made: ServerSession | None = None
    _gone = False

    async def get(self, *arguments: object, **named: object) -> None:
        """Make a page when it is its turn, or say that the server is full."""
        if self._may_enter():
            async with doorway(self.application).entered(lambda: not self._gone):
                if self._gone:
                    return
                if self._may_enter():  # others have come in meanwhile
                    page = super().get(*arguments, **named)
                    if page is not None:  # otherwise the visitor has been sent to log in
                        await page
                    return
        self.set_status(503)
        self.set_header("Retry-After", str(AGAIN))
        self.set_header("Cache-Control", "no-store")
        self.write(_FULL.format(again=AGAIN))

    def on_connection_close(self) -> None:
        """Make no page for somebody who no longer waits for it, as whoever loads it again."""
        super().on_connection_close()
        self._gone = True

    async def get_session(self) -> Any:
        """Return the session of the page, and keep it in mind."""
        asked: Any = super().get_session()
        self._made = await asked
        return self._made

    def on_finish(self) -> None:
        """Let the page change while the browser loads its scripts."""
        super().on_finish()
        if self._made is not None:
            sent(self._made.document)

    def _may_enter(self) -> bool:
        return self._is_inside() or self._open_pages() < most_visitors()

    def _is_inside(self) -> bool:
        """Return whether somebody goes from one page to the next, or comes back to a session that waits for him."""
        if self.request.headers.get("Sec-Fetch-Site") == "same-origin":  # which browsers say over https and on localhost
            return True
        asked = self.get_argument("bokeh-session-id", default=None)
        return asked is not None and any(session.id == asked for session in self.application_context.sessions)

    def _open_pages(self) -> int:
        """Return how many pages are open, or may come back; those that were left are about to go."""
        server = self.application
        return sum(not session.expiration_requested for path in server.app_paths for session in server.get_sessions(path))


def watch_door() -> None:
    """Put `Door` into the place of Panel's handler, for which Bokeh has no option."""
    most_visitors()
    place = next(number for number, (_, view, *_) in enumerate(per_app_patterns) if issubclass(view, DocHandler))
    per_app_patterns[place] = (per_app_patterns[place][0], Door)


_FULL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Full · Assimilab</title>
<meta http-equiv="refresh" content="{again}"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 560px; margin: 15vh auto; padding: 0 16px; }}
h1 {{ font-size: 22px; }}
</style></head><body><main><h1>All places are taken</h1>
<p>This server keeps as many pages open as it can keep fast. As soon as somebody leaves one, yours opens: this page asks again
every {again} seconds by itself.</p>
<p>Pages that you have open in other tabs count too.</p></main></body></html>
"""

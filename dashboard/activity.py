"""When something may have happened in a session: its browser has said something, or what was asked for has come.

Whoever would otherwise have to look every now and then whether a page has changed is told here, and a page that rests costs
nothing. That the browser is written to is not told: it goes on when one of the two happens.
"""

import weakref
from typing import Protocol

from bokeh.application.application import SessionContext
from bokeh.document import Document


class Follower(Protocol):
    """What follows a page."""

    def touch(self) -> None:
        """Look at the page again, soon; called often."""


#: By the session's id. Followers hold their page, and go with it.
_FOLLOWERS: "dict[str, weakref.WeakSet[Follower]]" = {}


def follow(document: Document, follower: Follower) -> None:
    """Let something follow the page of a document until its session ends."""
    if document.session_context is None:
        return
    session = document.session_context.id
    if session not in _FOLLOWERS:
        _FOLLOWERS[session] = weakref.WeakSet()
        document.on_session_destroyed(_forget)
    _FOLLOWERS[session].add(follower)


def happened(session: str) -> None:
    """Tell who follows the page of a session, on its event loop."""
    for follower in tuple(_FOLLOWERS.get(session, ())):
        follower.touch()


def _forget(context: SessionContext) -> None:
    _FOLLOWERS.pop(context.id, None)

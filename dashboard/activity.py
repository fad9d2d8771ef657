"""When something may have happened in a session: its browser has said something, or what was asked for has come.

Whoever would otherwise have to look every now and then whether a page has changed is told here, and a page that rests costs
nothing. That the browser is written to is not told: it goes on when one of the two happens.
"""

import weakref
from typing import Protocol

from bokeh.document import Document


class Follower(Protocol):
    """What follows a page."""

    def touch(self) -> None:
        """Look at the page again, soon; called often."""


#: By the session's id. Followers hold their page, and go with it.
_FOLLOWERS: "weakref.WeakValueDictionary[str, Follower]" = weakref.WeakValueDictionary()


def follow(document: Document, follower: Follower) -> None:
    """Let something follow the page of a document; the last that asks is told."""
    if document.session_context is not None:
        _FOLLOWERS[document.session_context.id] = follower


def happened(session: str) -> None:
    """Tell who follows the page of a session, on its event loop."""
    if (follower := _FOLLOWERS.get(session)) is not None:
        follower.touch()

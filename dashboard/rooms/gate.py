"""What the browser of a follower may say to the server: how large its figures are, and what the page asks it for itself.

Everything else that a browser can say, such as that a slider has another value, is not acted on. The page keeps people from it
beforehand (`assets/follow.js`); here it does not count whatever a browser sends.
"""

from collections.abc import Iterable
from typing import Any

from bokeh.document import Document
from bokeh.model import Model
from bokeh.protocol.message import Message
from bokeh.server.connection import ServerConnection

#: Attributes of models that the browser finds out, and those of the frame that change how it looks in this browser only.
OF_THE_BROWSER = frozenset(
    ("inner_width", "inner_height", "outer_width", "outer_height", "dark_theme", "sidebar_open", "sidebar_width")
)
#: Models by which Panel knows the browser and its address.
ABOUT_THE_BROWSER = frozenset(("Location", "BrowserInfo"))
#: Events that say that the page is there.
OF_THE_PAGE = frozenset(("document_ready",))

#: The components that answer the server, of each document that only follows.
_FOLLOWING: dict[Document, tuple[Any, ...]] = {}


def shut(document: Document, answering: Iterable[Any]) -> None:
    """Let the browser of a document say no more than what is said above, and anything with some components."""
    _FOLLOWING[document] = tuple(answering)


def forget(document: Document) -> None:
    """Forget a document, whose session has ended."""
    _FOLLOWING.pop(document, None)


def refused(message: Message[Any], connection: ServerConnection) -> Message[Any] | None:
    """Take out of a message what its sender may not say; return the answer where nothing is left of it."""
    document = connection.session.document
    if document not in _FOLLOWING or message.msgtype not in ("PATCH-DOC", "PUSH-DOC"):
        return None
    if message.msgtype == "PUSH-DOC":
        return connection.error(message, "this page follows a room and is not changed from here")
    events = message.content["events"]
    free = _identities(_FOLLOWING[document])
    kept = [event for event in events if _may(event, document, free)]
    events[:] = kept
    return None if kept else connection.ok(message)


def _may(event: Any, document: Document, free: frozenset[str]) -> bool:
    if event.get("kind") == "MessageSent":
        said = event.get("msg_data")
        if event.get("msg_type") != "bokeh_event" or not isinstance(said, dict):
            return False
        return said.get("name") in OF_THE_PAGE or _identity(_values(said).get("model")) in free
    if event.get("kind") != "ModelChanged":
        return False
    identity = _identity(event.get("model"))
    if event.get("attr") in OF_THE_BROWSER or identity in free:
        return True
    model = document.models.get_by_id(identity)  # type: ignore[arg-type]
    return type(model).__name__ in ABOUT_THE_BROWSER


def _values(said: dict[str, Any]) -> dict[str, Any]:
    """Return what an event says; browsers write mappings as lists of pairs."""
    values = said.get("values", {})
    entries = values.get("entries") if isinstance(values, dict) and values.get("type") == "map" else None
    return dict(entries) if isinstance(entries, list) else values if isinstance(values, dict) else {}


def _identity(reference: Any) -> str:
    found = reference.get("id") if isinstance(reference, dict) else None
    return found if isinstance(found, str) else ""


def _identities(components: Iterable[Any]) -> frozenset[str]:
    """Return the ids of the models of components, and of those that hold their data."""
    models = [model for component in components for model, _ in component._models.values()]
    parts = [part for model in models for part in (model, getattr(model, "data", None))]
    return frozenset(part.id for part in parts if isinstance(part, Model))

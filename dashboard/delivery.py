"""Messages that Panel puts aside while others are on their way to the browser are sent afterwards, all of them."""

from bokeh.document import Document
from panel.io import document as panel


def send_all() -> None:
    """Let Panel send what it has put aside also where that happened while it was sending.

    Panel (1.9.4) marks a document while it writes to its browser, and puts aside what changes meanwhile. When it has written,
    it takes the mark away, and the next of its tasks does nothing without a mark. What was put aside between two such tasks
    stays where it is until something else changes: the browser shows an old picture beside new settings.
    """
    if panel._dispatch_msgs is not _send:
        panel._dispatch_msgs = _send


_once = panel._dispatch_msgs


async def _send(document: Document) -> None:
    await _once(document)
    if document in panel._WRITE_MSGS and document not in panel._WRITE_BLOCK:
        panel._WRITE_BLOCK[document] = True
        panel._dispatch_write_task(document, _send, document)

"""What a browser is told of a change, and tells of one, with little work: it is done for every step of every slider."""

import base64
import struct
import zlib
from math import isfinite
from typing import Any

from bokeh.core.serialization import Deserializer, Serializer, UnknownReferenceError
from bokeh.document import Document
from bokeh.document.callbacks import invoke_with_curdoc
from bokeh.document.events import DocumentPatchedEvent
from bokeh.document.models import DocumentModelManager
from bokeh.model import Model
from bokeh.protocol import Protocol
from bokeh.protocol.messages.patch_doc import patch_doc

#: Bytes up to which an array is written into the text of a message; a larger one comes after it, in two more pieces.
INLINE = 100_000
#: What begins a file of gzip: two bytes that tell it, deflate as the method, and nothing of a name, a time or a system.
_GZIP = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
#: Bytes that a block of it may have.
_BLOCK = 0xFFFF


class SparingSerializer(Serializer):
    """Writes small arrays where they belong, and asks which models the browser knows instead of listing them all beforehand."""

    def __init__(self, models: DocumentModelManager) -> None:
        super().__init__()
        self._models = models

    def get_ref(self, obj: Any) -> Any:
        """Return how the browser knows a model that it has already."""
        ref = super().get_ref(obj)
        known = ref is None and isinstance(obj, Model) and self._models.get_by_id(obj.id) is obj
        return obj.ref if known and obj not in self._models._new_models else ref

    def _encode_list(self, obj: list[Any]) -> Any:
        if all(type(value) is float for value in obj):
            return [value if isfinite(value) else self._encode_float(value) for value in obj]
        return super()._encode_list(obj)

    def _encode_bytes(self, obj: bytes | memoryview) -> Any:
        if memoryview(obj).nbytes > INLINE:
            return super()._encode_bytes(obj)
        return {"type": "bytes", "data": base64.b64encode(stored(bytes(obj))).decode("ascii")}


def stored(data: bytes) -> bytes:
    """Return bytes as a file of gzip that is not compressed (RFC 1951, 3.2.4; RFC 1952).

    A browser takes arrays in a text only as such a file. To compress the 101 doubles of a curve takes 14 µs in place of 1 and
    makes them no shorter; the 4,800 floats of a map 270 µs in place of 4, for 11 % less.
    """
    blocks = [_GZIP]
    for start in range(0, len(data) or 1, _BLOCK):
        block = data[start : start + _BLOCK]
        blocks += struct.pack("<BHH", start + _BLOCK >= len(data), len(block), len(block) ^ _BLOCK), block
    return b"".join((*blocks, struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)))


class _Known(dict[Any, Model]):
    """The models that a message brings, by their ids; those of the document are looked up when they are asked for."""

    def __init__(self, models: DocumentModelManager) -> None:
        super().__init__()
        self._models = models

    def get(self, key: Any, default: Any = None) -> Any:
        found = super().get(key)
        found = self._models.get_by_id(key) if found is None else found
        return default if found is None else found


class Told(patch_doc):
    """What a browser tells of its changes; read without listing all models of the page, several hundred, beforehand."""

    def apply_to_document(self, doc: Document, setter: Any = None) -> None:
        """Make the changes, as :meth:`Document.apply_json_patch` does."""
        invoke_with_curdoc(doc, lambda: self._apply(doc, setter))

    def _apply(self, document: Document, setter: Any) -> None:
        models = document.models
        deserializer, new = Deserializer(setter=setter), set(models._new_models)
        deserializer._references = brought = _Known(models)
        try:
            patch: Any = deserializer.deserialize(self.payload)
        except UnknownReferenceError as problem:
            if not models.seen(problem.id):
                raise
            return  # of a model that has gone while this was on its way
        for event in patch["events"]:
            DocumentPatchedEvent.handle_event(document, event, setter)
        models.flush_synced(lambda model: model not in new and model.id not in brought)


class SparingProtocol(Protocol):
    """Bokeh's protocol, with changes drawn up by :class:`SparingSerializer`, and read by :class:`Told`."""

    def __init__(self) -> None:
        super().__init__()
        self._messages = {**self._messages, "PATCH-DOC": Told}

    def create(self, msgtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return a message of a kind."""
        if msgtype != "PATCH-DOC" or kwargs:
            return super().create(msgtype, *args, **kwargs)
        return _patch(*args)


def _patch(events: list[DocumentPatchedEvent]) -> patch_doc:
    """Return events of one document as a message, as :meth:`patch_doc.create` does."""
    document: Document = events[0].document
    if any(event.document is not document for event in events):
        raise ValueError("changes of two documents cannot be told in one message")
    serializer = SparingSerializer(document.models)
    message = patch_doc(patch_doc.create_header(), {}, {"events": serializer.encode(events)})
    document.models.flush_synced(lambda model: not serializer.has_ref(model))
    message.add_buffers(*serializer.buffers)
    return message

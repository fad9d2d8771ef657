"""Messages drawn up with little work say what Bokeh's own do, and leave in one piece."""

import asyncio
import gzip
import json
import math

import numpy as np
import pytest
from bokeh.core.serialization import Serialized, UnknownReferenceError
from bokeh.document import Document
from bokeh.document.events import ColumnDataChangedEvent, ModelChangedEvent
from bokeh.models import ColumnDataSource, Range1d, Title
from bokeh.plotting import figure
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, _WebSocketParams

from dashboard.connection import Frames, Gathered
from dashboard.messages import INLINE, SparingProtocol, stored


@pytest.fixture
def twins():
    """Return the document of the server, and that of its browser, which knows all that is in it."""
    document, source = Document(), ColumnDataSource({"x": [0.0], "y": np.zeros(1, np.float32)})
    fig = figure(x_range=Range1d(0, 1))
    fig.line("x", "y", source=source)
    document.add_root(fig)
    document.models.flush_synced()
    return document, Document.from_json(document.to_json())


def told(document: Document, browser: Document, events) -> object:
    message = SparingProtocol().create("PATCH-DOC", events)
    browser.apply_json_patch(Serialized(message.content, message._buffers))
    return message


@pytest.mark.parametrize("size", [101, INLINE])
def test_a_browser_gets_the_data_that_were_sent(twins, size):
    document, browser = twins
    source = document.select_one({"type": ColumnDataSource})
    drawn = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    data = {"x": [0.5, math.nan, -math.inf] + [0.25] * (size - 3), "y": drawn, "names": ["a", "b"] + ["c"] * (size - 2)}
    message = told(document, browser, [ColumnDataChangedEvent(document, source, "data", data)])
    got = browser.select_one({"type": ColumnDataSource}).data
    np.testing.assert_array_equal(got["x"], data["x"])
    np.testing.assert_array_equal(got["y"], drawn)
    assert got["names"] == data["names"]
    assert len(message._buffers) == (0 if drawn.nbytes <= INLINE else 1)


def test_a_model_that_is_new_is_described_once_and_then_known_by_its_name(twins):
    document, browser = twins
    fig = document.roots[0]
    fig.title = Title(text="first")
    told(document, browser, [ModelChangedEvent(document, fig, "title", fig.title)])
    assert browser.roots[0].title.text == "first"
    message = told(document, browser, [ModelChangedEvent(document, fig, "title", fig.title)])
    assert message.content["events"][0]["new"] == {"id": fig.title.id}


def heard(document: Document, *events) -> None:
    message = SparingProtocol().assemble('{"msgtype": "PATCH-DOC"}', "{}", json.dumps({"events": events}))
    message.apply_to_document(document)


def test_what_a_browser_changes_is_taken_over(twins):
    document, _ = twins
    fig, seen = document.roots[0], []
    document.on_change(seen.append)
    title = {"type": "object", "name": "Title", "id": "p-new", "attributes": {"text": "from the browser"}}
    change = {"kind": "ModelChanged", "model": {"id": fig.x_range.id}, "attr": "start", "new": -2.5}
    heard(document, change, {"kind": "ModelChanged", "model": {"id": fig.id}, "attr": "title", "new": title})
    assert (fig.x_range.start, fig.title.text, fig.title.id) == (-2.5, "from the browser", "p-new")
    assert [event.attr for event in seen] == ["start", "title"]
    assert fig.title not in document.models._new_models  # the browser knows it
    fig.title = mine = Title(text="from the server")
    heard(document, {**change, "new": 3.0})
    assert fig.x_range.start == 3.0
    fig.title = Title(text="another")
    heard(document, {**change, "model": {"id": mine.id}, "attr": "text", "new": "too late"})  # is passed over
    assert mine.text == "from the server"
    with pytest.raises(UnknownReferenceError):
        heard(document, {**change, "model": {"id": "p-nobody"}})


class Recorder:
    """A stream that notes what is written."""

    def __init__(self) -> None:
        self.pieces, self.shut = [], False

    def closed(self) -> bool:
        return self.shut

    def write(self, data: bytes) -> "asyncio.Future[None]":
        self.pieces.append(data)
        return asyncio.get_running_loop().create_future()  # the network is slow

    def close(self, _exc_info: object) -> None:
        self.shut = True


def test_what_is_written_in_one_turn_leaves_in_one_piece_and_nothing_is_lost_at_the_end():
    async def talk() -> Recorder:
        stream = Gathered(network := Recorder())
        assert [stream.write(part).done() for part in (b"a", b"b", b"c")] == [True] * 3
        assert not network.pieces
        await asyncio.sleep(0)
        assert network.pieces == [b"abc"]
        assert not stream.write(b"d").done()  # who writes on waits until the first has left
        stream.close()
        assert network.pieces == [b"abc", b"d"]
        with pytest.raises(StreamClosedError):
            stream.write(b"e")
        await asyncio.sleep(0)
        return network

    assert asyncio.run(talk()).pieces == [b"abc", b"d"]


@pytest.mark.parametrize("length", [0, 1, 0xFFFF, 0x10000, 3 * 0xFFFF])
def test_what_is_stored_as_gzip_is_read_by_gzip(length):
    data = np.random.default_rng(length).bytes(length)
    assert gzip.decompress(stored(data)) == data


class Handler:
    ping_interval = None


def test_frames_of_a_message_leave_together_and_a_closed_connection_is_told():
    async def talk() -> None:
        frames = Frames(Handler(), False, _WebSocketParams())
        frames.stream = Gathered(network := Recorder())
        assert [frames.write_message(text).done() for text in ("a", "ä")] == [True, True]
        await frames.write_message(b"b", binary=True)
        assert not network.pieces
        await asyncio.sleep(0)
        assert network.pieces == [b"\x81\x01a\x81\x02\xc3\xa4\x82\x01b"]
        waits = frames.write_message("c")
        assert not waits.done()  # until the others have left, which the network does not come to
        frames.stream._sent.set_exception(StreamClosedError())
        with pytest.raises(WebSocketClosedError):
            await waits
        network.shut = True
        with pytest.raises(WebSocketClosedError):
            frames.write_message("d")

    asyncio.run(talk())

"""When the collector looks for what ended pages leave."""

import asyncio
import gc
import time
import urllib.request
import weakref
from types import SimpleNamespace

import pytest

from backends.fields.catalogue import Catalogue
from dashboard.collection import COLLECTION, Collection
from tests.dashboard.serving import PATIENCE, serving
from tests.dashboard.test_resources import wait_until


class Circle:
    """What only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector():
    gc.disable()
    yield
    gc.enable()


def lost() -> "weakref.ref[Circle]":
    return weakref.ref(Circle())


def test_without_an_event_loop_a_page_is_collected_at_once():
    left = lost()
    assert left() is not None
    Collection().ended()
    assert left() is None


def test_a_page_is_collected_when_nobody_has_said_anything_for_a_while(monkeypatch):
    async def lecture() -> None:
        now = [0.0]  # a clock of the test's own, which no busy machine puts forward
        monkeypatch.setattr("dashboard.collection.time", SimpleNamespace(monotonic=lambda: now[0]))
        collection, left, told = Collection(quiet=0.02, latest=60.0), lost(), []
        collection.afterwards(lambda: told.append(left()))
        for _ in range(10):  # longer than it would otherwise wait
            collection.heard()
            collection.ended()
            await asyncio.sleep(0.01)
        assert left() is not None
        now[0] += 0.02
        await asyncio.sleep(0.2)
        assert told == [None]  # once for all

    asyncio.run(lecture())


def test_a_page_is_collected_in_the_end_while_others_are_at_work():
    async def lecture() -> None:
        collection, left = Collection(quiet=0.05, latest=0.2), lost()
        collection.ended()
        for _ in range(100):
            collection.heard()
            await asyncio.sleep(0.02)
            if left() is None:
                return
        raise AssertionError("it was not collected")

    asyncio.run(lecture())


def test_pages_that_end_after_a_collection_are_collected_too():
    async def lecture() -> None:
        collection = Collection(quiet=0.02)
        for _ in range(2):
            left = lost()
            collection.ended()
            await asyncio.sleep(0.2)
            assert left() is None

    asyncio.run(lecture())


def test_nobody_who_is_at_work_waits_for_a_collection_after_another_has_left(tmp_path, monkeypatch):
    monkeypatch.setattr("panel.io.document.GC_DEBOUNCE", 0)
    collected = []
    gc.callbacks.append(notice := lambda phase, info: collected.append(info["generation"]))
    try:
        with serving(Catalogue(tmp_path), check_unused_sessions_milliseconds=50) as served:
            with urllib.request.urlopen(served.address, timeout=PATIENCE):
                pass
            (session,) = served.server.get_sessions("/")
            session.request_expiration()
            collected.clear()
            end = time.monotonic() + 2.0
            while time.monotonic() < end:
                COLLECTION.heard()
                time.sleep(0.02)
            assert not served.server.get_sessions("/")
            assert 2 not in collected
            wait_until(lambda: 2 in collected)
    finally:
        gc.callbacks.remove(notice)

"""What is ready early comes with the document of a page; nothing changes while that is on its way."""

import threading
import urllib.request

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource
from panel.io.state import set_curdoc

from backends.fields.catalogue import Catalogue
from dashboard.arrival import arrival, asked_for, sent
from tests.dashboard.serving import PATIENCE, serving


@pytest.fixture
def loaded(monkeypatch) -> list:
    """What Panel calls when a browser has the document."""
    callbacks: list = []
    monkeypatch.setattr(pn.state, "onload", callbacks.append)
    return callbacks


@pytest.fixture
def ticks(monkeypatch) -> list:
    """What waits for the event loop."""
    callbacks: list = []
    monkeypatch.setattr(Document, "add_next_tick_callback", lambda _, callback: callbacks.append(callback))
    return callbacks


@pytest.fixture
def document(loaded, ticks) -> Document:
    made = Document()
    with set_curdoc(made):
        arrival(made)
    return made


def run(ticks: list) -> None:
    while ticks:
        ticks.pop(0)()


def test_a_document_changes_while_scripts_load_and_not_while_it_is_on_its_way(document, loaded, ticks):
    changes: list[str] = []
    way = arrival(document)
    way.hand_over(lambda: changes.append("while the page is built"))
    run(ticks)
    assert changes == []
    sent(document)
    way.hand_over(lambda: changes.append("while scripts load"))
    run(ticks)
    assert changes == ["while the page is built", "while scripts load"]
    way.hand_over(lambda: changes.append("too late by a moment"))
    asked_for(document)
    way.hand_over(lambda: changes.append("on the way"))
    run(ticks)
    assert len(changes) == 2
    loaded[0]()
    assert changes[2:] == ["too late by a moment", "on the way"]
    way.hand_over(lambda: changes.append("later"))
    run(ticks)
    assert changes[-1] == "later"


def test_a_browser_that_comes_back_holds_nothing_up(document, loaded, ticks):
    changes: list[str] = []
    loaded[0]()
    asked_for(document)
    sent(document)
    arrival(document).hand_over(lambda: changes.append("after it came back"))
    run(ticks)
    assert changes == ["after it came back"]


def test_pages_of_one_document_share_its_way(document, loaded):
    assert arrival(document) is arrival(document)
    assert len(loaded) == 1


def test_a_field_is_drawn_before_the_browser_asks_for_the_document(tmp_path):
    with serving(Catalogue(tmp_path)) as served:
        urllib.request.urlopen(f"{served.address}/explore", timeout=PATIENCE).read()
        drawn = threading.Event()

        def look() -> None:
            document = served.server.get_sessions("/explore")[0].document
            if any("image" in source.data for source in document.select({"type": ColumnDataSource})):
                drawn.set()
            else:
                served.loop.call_later(0.05, look)

        served.loop.add_callback(look)
        assert drawn.wait(PATIENCE)

"""Sharing the device: visitors take turns, and of one visitor's requests the latest wins."""

import threading
from concurrent.futures import ThreadPoolExecutor

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.server.contexts import BokehSessionContext
from bokeh.server.session import ServerSession
from panel.io.state import set_curdoc

from dashboard.worker import LatestWins


@pytest.fixture
def worker():
    pool = ThreadPoolExecutor(max_workers=1)
    yield pool
    pool.shutdown()


def test_a_newer_request_replaces_one_that_has_not_started(worker):
    begun, gate, computed, delivered = threading.Event(), threading.Event(), [], []

    def compute(k):
        begun.set()
        gate.wait(10)
        computed.append(k)
        return k

    work = LatestWins(worker, compute, lambda _, k: delivered.append(k), delivered.append)
    for k in range(20):
        work.request(k)
        assert begun.wait(10)
    gate.set()
    work.wait()
    assert computed == delivered == [0, 19]


def test_visitors_take_turns(worker):
    order, gate = [], threading.Event()
    worker.submit(gate.wait, 10)
    pages = [LatestWins(worker, lambda k: k, lambda _, k: order.append(k), order.append) for _ in range(3)]
    for step in range(5):
        for number, page in enumerate(pages):
            page.request((number, step))
    gate.set()
    for page in pages:
        page.wait()
    assert order == [(0, 4), (1, 4), (2, 4)]


def test_a_closed_page_is_left_alone(worker):
    gate, delivered = threading.Event(), []
    worker.submit(gate.wait, 10)
    work = LatestWins(worker, lambda k: k, lambda _, k: delivered.append(k), delivered.append)
    work.request(1)
    work.close()
    gate.set()
    work.wait()
    assert delivered == []


def test_a_defect_is_logged_and_told(worker, caplog):
    told = []
    work = LatestWins(worker, lambda k: 1 / k, lambda *_: None, told.append)
    work.request(0)
    with pytest.raises(ZeroDivisionError):
        work.wait()
    worker.shutdown()  # the page is told just after the work has ended
    assert "ZeroDivisionError" in told[0]
    assert "Computing for a page failed" in caplog.text


def test_results_wait_until_the_browser_has_loaded_the_page(worker, monkeypatch):
    loaded, delivered = [], []
    monkeypatch.setattr(pn.state, "onload", loaded.append)
    with set_curdoc(Document()):
        work = LatestWins(worker, lambda k: k, lambda _, k: delivered.append(k), delivered.append)
    for k in (1, 2):
        work.request(k)
        work.wait()
    assert delivered == []
    loaded[0]()
    assert delivered == [1, 2]


def test_a_result_that_comes_while_its_session_ends_is_dropped(worker, monkeypatch, caplog):
    monkeypatch.setattr(pn.state, "onload", lambda loaded: loaded())
    document, gate = Document(), threading.Event()
    context = BokehSessionContext("a visitor", None, document)
    document._session_context = lambda: context  # as the server does, with a weak reference
    session = ServerSession("a visitor", document)
    context._set_session(session)
    with set_curdoc(document):
        work = LatestWins(worker, lambda k: gate.wait(10), lambda *_: None, lambda *_: None)
    work.request(1)
    session.destroy()  # the page's own close() comes later
    gate.set()
    work.wait()
    worker.shutdown()
    assert caplog.text == ""

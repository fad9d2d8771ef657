"""What sessions leave behind, and whether one visitor holds up another; a real server, inside this process."""

import gc
import threading
import time
import urllib.request
import weakref
from concurrent.futures import ThreadPoolExecutor

import panel as pn
import pytest
from bokeh.client import pull_session

from backends.fields.catalogue import Catalogue
from dashboard import server as server_module
from dashboard import shell
from dashboard.analysis.page import AnalysisPage
from dashboard.explore.page import ExplorePage
from dashboard.training.page import TrainingPage
from dashboard.worker import DEVICE, FILES
from tests.dashboard.serving import PATIENCE, serving
from tests.files import regional


def wait_until(true, pause: float = 0.05) -> None:
    end = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < end:
        time.sleep(pause)
    assert true()


def is_open(page) -> bool:
    return page.live.pane is not None if isinstance(page, TrainingPage) else page.state.opened is not None


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Give the address of a server that forgets sessions soon, weak references to pages and documents, what lists sessions."""
    regional(tmp_path / "a.nc")
    pages, documents = [], []

    def remembered(kind):
        def build(*arguments, **named):
            page = kind(*arguments, **named)
            pages.append(weakref.ref(page))
            documents.append(weakref.ref(pn.state.curdoc))
            return page

        return build

    # Results wait for the browser to say that it has loaded the page, which this client does not do.
    monkeypatch.setattr(pn.state, "onload", lambda loaded: loaded())
    for kind in (ExplorePage, AnalysisPage, TrainingPage):
        monkeypatch.setattr(server_module, kind.__name__, remembered(kind))
    # What other tests have left is not looked through again each time that the last visitor's page is looked for.
    gc.collect()
    gc.freeze()
    monkeypatch.setattr(shell, "PERIOD", 3_600_000)  # what waits for its next turn must not hold the document until then
    soon = {"check_unused_sessions_milliseconds": 100, "unused_session_lifetime_milliseconds": 100}
    with serving(Catalogue(tmp_path), **soon) as server:
        yield server.address, pages, documents, server.server.get_sessions
    gc.unfreeze()


@pytest.mark.parametrize("path", ["/explore", "/analysis", "/training"])
def test_a_session_is_freed_when_its_visitor_has_gone(served, path):
    address, pages, documents, open_sessions = served

    def visit() -> None:
        sessions = [pull_session(url=f"{address}{path}", arguments={"dataset": "a.nc"}) for _ in range(2)]
        wait_until(lambda: len(pages) == 2 and all(page() is not None and is_open(page()) for page in pages))
        for session in sessions:
            session.close()
        # Collecting garbage before would keep the server's thread from taking the sessions apart.
        wait_until(lambda: not open_sessions())

    with ThreadPoolExecutor(1) as pool:  # where no other event loop runs
        pool.submit(visit).result()

    def gone() -> bool:
        gc.collect()
        return all(left() is None for left in (*pages, *documents))

    wait_until(gone, pause=0.5)  # what a collection takes, the server's thread cannot use


def test_a_long_computation_holds_up_nobody_elses_page(served):
    address, *_ = served
    gate = threading.Event()
    busy = [worker.submit(gate.wait, PATIENCE) for worker in (DEVICE, FILES)]
    try:
        for path in ("/", "/explore", "/analysis"):
            with urllib.request.urlopen(address + path, timeout=PATIENCE) as answer:
                assert answer.status == 200
            assert not any(work.done() for work in busy)
    finally:
        gate.set()

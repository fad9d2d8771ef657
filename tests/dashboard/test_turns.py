"""A thread that visitors take turns on."""

import threading
import weakref

import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from backends.errors import InputError
from dashboard.arrival import sent
from dashboard.turns import Turns
from dashboard.worker import LatestWins
from tests.dashboard.live_races import wait_until


@pytest.fixture
def turns():
    thread = Turns("turns", most=5)
    yield thread
    thread.shutdown(cancel_futures=True)


@pytest.fixture
def gate(turns):
    """Return what lets the thread go on; until then it is busy."""
    entered, gate = threading.Event(), threading.Event()
    turns.submit(lambda: (entered.set(), gate.wait(10)))
    assert entered.wait(10)
    yield gate
    gate.set()


def test_a_flood_of_one_visitor_delays_another_by_one_piece_of_work(turns, gate):
    order = []
    flood = [turns.submit_for("a", lambda k=k: order.append(("a", k))) for k in range(5)]
    other = [turns.submit_for("b", lambda k=k: order.append(("b", k))) for k in range(2)]
    gate.set()
    for work in (*flood, *other):
        work.result(10)
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("a", 3), ("a", 4)]


def test_one_visitor_may_have_so_much_waiting_and_no_more(turns, gate):
    for _ in range(5):
        turns.submit_for("a", lambda: None)
    with pytest.raises(InputError, match="5 things that you asked for are still waiting; ask again when they are done"):
        turns.submit_for("a", lambda: None)
    last = turns.submit_for("b", lambda: "served")
    gate.set()
    assert last.result(10) == "served"
    assert turns.waiting().refused == 1


def test_a_page_says_what_was_refused_and_asks_again_later(turns, gate, monkeypatch):
    monkeypatch.setattr("panel.state.onload", lambda loaded: None)
    told, shown = [], []
    document = Document()
    monkeypatch.setattr(document, "add_next_tick_callback", lambda call: call())
    with set_curdoc(document):
        views = [LatestWins(turns, lambda k: k, lambda _, k: shown.append(k), told.append) for _ in range(6)]
    sent(document)
    for view in views:
        view.request(1)
    assert told == ["5 things that you asked for are still waiting; ask again when they are done"]
    gate.set()
    for view in views:
        view.wait()
    views[-1].request(2)
    views[-1].wait()
    assert shown == [1] * 5 + [2]


def test_it_counts_what_waits(turns, gate):
    for visitor in ("a", "b", "b"):
        turns.submit_for(visitor, lambda: None)
    state = turns.waiting()
    assert (state.queued, state.visitors, state.served) == (3, 2, 1)


def test_a_failure_goes_to_whoever_asked_and_the_thread_goes_on(turns):
    with pytest.raises(ZeroDivisionError):
        turns.submit(lambda: 1 / 0).result(10)
    assert turns.submit(lambda: 2).result(10) == 2


def test_what_was_given_away_is_not_kept_while_the_thread_waits(turns):
    class Large:
        pass

    gone = weakref.ref(turns.submit(Large).result(10))
    wait_until(lambda: gone() is None)


def test_after_the_end_nothing_waits_for_ever(turns, gate):
    waiting = turns.submit_for("a", lambda: None)
    turns.shutdown(wait=False, cancel_futures=True)
    assert waiting.cancelled()
    with pytest.raises(RuntimeError, match="takes no more work"):
        turns.submit(lambda: None)

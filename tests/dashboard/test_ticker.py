"""A page is looked at often while something runs, seldom while nothing does, and soon when its visitor does something."""

import pytest
from bokeh.document import Document

from dashboard.ticker import Ticker


@pytest.fixture
def waiting(monkeypatch) -> list:
    """What waits for the event loop: milliseconds and callback."""
    entries: list = []

    def add(_document, callback, milliseconds):
        entries.append((milliseconds, callback))
        return entries[-1]

    monkeypatch.setattr(Document, "add_timeout_callback", add)
    monkeypatch.setattr(Document, "remove_timeout_callback", lambda _document, entry: entries.remove(entry))
    return entries


def test_it_rests_while_nothing_runs_and_wakes_at_a_touch(waiting):
    ticks, busy = [], [True]
    ticker = Ticker(Document(), lambda: ticks.append(1) or busy[0], 40, 250)
    assert [delay for delay, _ in waiting] == [40]
    waiting.pop()[1]()
    assert [delay for delay, _ in waiting] == [40]
    ticker.touch()  # which comes often while something runs, and brings no more ticks
    assert len(waiting) == 1
    busy[0] = False
    waiting.pop()[1]()
    assert [delay for delay, _ in waiting] == [250]
    ticker.touch()
    assert [delay for delay, _ in waiting] == [40]
    assert len(ticks) == 2
    ticker.stop()
    waiting.pop()[1]()
    assert (len(ticks), waiting) == (2, [])


def test_it_goes_on_after_a_fault(waiting):
    Ticker(Document(), lambda: 1 / 0, 40, 250)
    with pytest.raises(ZeroDivisionError):
        waiting.pop()[1]()
    assert [delay for delay, _ in waiting] == [250]

"""What the address of the Training page says of runs: a link shows the same ones in the same way."""

import pytest

from backends.experiments.training.registry import TASKS
from backends.jobs.job import State
from dashboard.training.address_keys import TrainingView
from dashboard.training.page import RUNS, TrainingPage
from tests.dashboard.helpers import text_of
from tests.dashboard.training.jobs import reports

LOOK = "against=seconds&smoothing=50&log=false"


@pytest.fixture
def runs(jobs, view):
    """Two runs that have ended, the newest first."""
    for _ in range(2):
        view.state.start()
    for job in jobs.list():
        jobs.points[job.id] = reports(10)
        jobs.change(job.id, state=State.COMPLETED, started=1.0, ended=61.0)
    view.state.run = ""
    return [job.id for job in jobs.list()]


def written(page) -> str:
    page.address.look()
    return page.address.bar.wanted["query"]


def opened(tmp_path, query: str) -> TrainingPage:
    page = TrainingPage(tmp_path, query=query)
    page.tick()
    return page


def test_how_a_run_is_looked_at_is_in_the_address(view, runs, tmp_path):
    view.tick()
    assert view.address.now()[-1] == ("run", f'"{runs[0]}"')  # nothing else, and no number
    live = view.live
    live.against.value, live.smoothing.value, live.log.value = "seconds", 50, False
    query = written(view)
    assert query.endswith(f"&{LOOK}")
    other = opened(tmp_path, query)
    assert other.live.look == live.look
    assert other.address.faults == ()
    view.address.travel("?v=1&tab=live&log=true")
    assert (live.against.value, live.smoothing.value, live.log.value) == ("iteration", 10, True)
    other.close()


def test_the_runs_that_are_compared_are_in_the_address_in_their_order(view, runs, tmp_path):
    view.tabs.active = RUNS
    written(view)
    table, parts = view.runs.table, view.runs
    table.selection = [1, 0]
    ids = f"[%22{runs[1]}%22,%22{runs[0]}%22]".replace("[", "%5B").replace("]", "%5D")
    assert written(view).endswith(f"&compared={ids}")
    assert view.address.bar.wanted["step"]
    parts.metric.value, parts.against.value, parts.log.value = "rmse_network", "seconds", False
    query = written(view)
    assert query.endswith("&metric=rmse_network&compared_against=seconds&compared_log=false")
    other = opened(tmp_path, query)
    assert other.runs.table.selection == [1, 0]
    assert other.runs.compared == parts.compared
    assert list(other.runs._curves._lines) == [run[:6] for run in reversed(runs)]
    assert other.address.now() == view.address.now()
    view.address.travel("?v=1&tab=runs")
    assert (table.selection, view.state.compared, parts._bar.visible) == ([], [], False)
    view.address.travel(query)
    assert (table.selection, parts.metric.value) == ([1, 0], "rmse_network")
    view.address.travel(query.replace("&metric=rmse_network", ""))
    assert parts.metric.value == "cost_gap_median"
    other.close()


def test_runs_that_are_read_later_stay_checked(view, jobs, runs, tmp_path):
    known, jobs.loading = dict(jobs.known), True
    jobs.known = {}
    page = opened(tmp_path, f'?v=1&tab=runs&compared=["{runs[0]}","{runs[1]}"]&metric=loss')
    jobs.known = {runs[0]: known[runs[0]]}
    page.runs._sent = -1e9
    page.tick()
    assert page.runs.table.selection == [0]
    assert "&metric=loss" in written(page)
    jobs.known, jobs.loading = known, False
    page.tick()
    assert page.runs.table.selection == [0, 1]
    assert page.runs.metric.value == "loss"
    assert page.address.faults == ()
    page.close()


def test_what_is_not_there_is_said_and_the_rest_counts(jobs, runs, tmp_path):
    page = opened(tmp_path, f'?v=1&tab=runs&compared=["{runs[0]}","lost","{runs[1]}"]&metric=beauty&smoothing=7&against=money')
    assert "here is no run &#x27;lost&#x27; on this server that could be compared" in text_of(page._problem)
    said = "; ".join(page.address.faults)
    assert "smoothing: must be 1, 10, 50 or 200; came 7" in said
    assert "against: must be 'iteration' or 'seconds'" in said
    assert "metric: the runs that are compared have loss, jb" in said
    assert "came 'beauty'" in said
    assert page.state.compared == runs
    assert page.runs.metric.value == "cost_gap_median"
    page.close()


def test_no_key_is_that_of_a_setting():
    for task in TASKS.values():
        assert not set(TrainingView.model_fields) & set(task.model_fields)

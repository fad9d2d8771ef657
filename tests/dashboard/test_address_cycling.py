"""What is chosen on the tabs of the Cycling page is in its address, and comes back from it."""

from types import SimpleNamespace

import pytest

from backends.experiments.cycling.view import RaceView
from backends.jobs.job import Job, State
from dashboard import job_runs
from dashboard.cycling import runs
from dashboard.cycling.page import VIEWS, CyclingPage
from dashboard.races import RACES
from tests.dashboard.live_races import SMALL, look, steps, wait_until

KEYS = {
    "time_axes", "logarithmic", "drawn", "around_mean", "field", "a", "b", "quantity", "number", "run", "run_cycles",
    "run_spinup", "run_experiments",
}  # fmt: skip
METHODS = "methods: [{name: 3dvar, scale: 0.1}, {name: etkf, members: 6}, {name: 4dvar, outer: 2}]"


@pytest.fixture
def page():
    page = CyclingPage()
    page.state.take(SMALL.replace("methods: [{name: 3dvar, scale: 0.1}, {name: etkf, members: 6, inflation: 1.05}]", METHODS))
    wait_until(lambda: page.state.live.ready)
    yield page
    RACES.drop(page.state.live)
    page.close()


def written(page) -> str:
    page.address.look()
    return page.address.bar.wanted["query"]


def shown(page, tab: str) -> RaceView:
    """Look at a tab of a page and at the newest moment of its race."""
    page.tabs.active = VIEWS.index(tab)
    page.diagnostics._due = 0.0
    view = look(page.state)
    page.diagnostics.wait()
    return view


def test_what_is_chosen_on_the_tabs_opens_again(page):
    steps(page.state, 8)
    shown(page, "Diagnostics")
    shown(page, "Live")
    assert not KEYS & {pair.split("=")[0] for pair in written(page).split("&")}
    page.live.window.value, page.live.log.value, page.live._pictures.plane.value = 1000, True, (0, 2)
    page.diagnostics.a.value, page.diagnostics.b.value = 2, 1
    page.diagnostics.quantity.value, page.diagnostics.extra.value = "spread / RMSE", "cost"
    page.runs.cycles.value, page.runs.spinup.value, page.runs.repeat.value = 5000, 50, 4
    query = written(page)
    for part in (
        "time_axes=1000", "logarithmic=true", "drawn=x-z", "a=2", "b=1", "quantity=spread", "number=cost", "run_cycles=5000",
        "run_spinup=50", "run_experiments=4",
    ):  # fmt: skip
        assert f"&{part}" in query
    same = CyclingPage(query=query)
    assert same.state.live is page.state.live
    assert written(same) == ""  # before the race has been looked at …
    shown(same, "Live")
    assert (same.state.window, same.live.log.value, same.live._pictures.plane.value) == (1000, True, (0, 2))
    shown(same, "Diagnostics")
    diagnostics = same.diagnostics
    assert (diagnostics.a.value, diagnostics.b.value) == (2, 1)
    assert (diagnostics.quantity.value, diagnostics.extra.value) == ("spread / RMSE", "cost")
    assert (same.runs.cycles.value, same.runs.spinup.value, same.runs.repeat.value) == (5000, 50, 4)
    shown(same, "Live")
    assert written(same) == ""  # … and after it
    same.close()


def test_going_back_chooses_what_was_chosen_before(page):
    steps(page.state, 8)
    shown(page, "Diagnostics")
    first = written(page)
    page.diagnostics.b.value, page.diagnostics.extra.value = 2, "cost_background"
    assert "number=cost_background" in written(page)
    assert page.address.bar.wanted["step"]
    page.address.travel(first)
    assert (page.diagnostics.a.value, page.diagnostics.b.value) == (1, 0)
    assert page.diagnostics.extra.value == next(iter(page.diagnostics.extra.options.values()))
    page.live.window.value = 100_000
    assert "time_axes=all" in written(page)
    assert not page.address.bar.wanted["step"]  # a number, which takes the place of the last one


def test_another_testbed_has_something_else_to_choose(page):
    steps(page.state, 1)
    shown(page, "Live")
    page.live._pictures.plane.value = (0, 1)
    assert "drawn=x-y" in written(page)
    page.state.choose_testbed("lorenz96")  # the race shown still is of the old one
    assert "drawn" not in written(page)
    page.state.reset()
    wait_until(lambda: page.state.live.ready)
    shown(page, "Live")
    page.live._pictures.uncertainty.value = "spread"
    assert "around_mean=spread" in written(page)
    page.state.section.points = 20
    page.state.reset()
    wait_until(lambda: page.state.live.ready)
    shown(page, "Live")
    assert page.live._pictures.layout.size == 20
    assert page.live._pictures.uncertainty.value == "spread"  # other pictures, with the same to choose


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("time_axes=7", "time_axes: must be"),
        ("a=3", "a and b: are numbers of methods, which go up to 2 here; came 3 and 0"),
        ("b=-1", "b: must be"),
        ("drawn=x-w", "drawn: of states of this testbed drawn is 3D or x-y or x-z or y-z; came &#x27;x-w&#x27;"),
        ("field=u", "field: of states of this testbed drawn is"),
        ("quantity=beauty", "quantity: must be"),
        ("number=beauty", "number: the methods here report"),
        ("run_cycles=1", "run_cycles: must be"),
    ],
)
def test_what_cannot_be_chosen_is_said(page, query, said):
    steps(page.state, 8)
    other = CyclingPage(query=f"?v=1&race={page.state.live.key}&{query}")
    for tab in ("Live", "Diagnostics"):
        shown(other, tab)
    assert said in other.address._said.object
    other.close()


def test_a_long_run_is_named_while_its_tab_is_shown(page, monkeypatch):
    old, new = (Job(id=name, kind="cycling", settings=f"title: {name}", state=State.COMPLETED, created=0.0) for name in "on")
    jobs = SimpleNamespace(loading=True, problem="", list=list, metrics=lambda _run: [])
    for module in (job_runs, runs):
        monkeypatch.setattr(module, "all_jobs", lambda: jobs)
    page.address.travel("?v=1&tab=long-runs&run=o")
    assert "&run=o" in written(page)
    jobs.loading, jobs.list = False, lambda: [new, old]
    page.tick()
    assert page.runs.chosen.value == "o"
    page.runs.chosen.value = "n"
    assert "&run=n" in written(page)
    page.address.travel("?v=1&tab=long-runs&run=nobody")
    page.tick()
    assert "run: there is no long run of this id here; came &#x27;nobody&#x27;" in page.address._said.object
    page.tabs.active = VIEWS.index("File")
    assert "&run=" not in written(page)

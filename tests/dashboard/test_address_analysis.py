"""The address of the Analysis page: what it says opens the same analysis, and going back brings the last one."""

from types import SimpleNamespace

import pytest

from backends.jobs.job import Job, State
from dashboard.address import LONGEST, link, query_of, tab_name
from dashboard.analysis import network
from dashboard.analysis.address import AnalysisView
from dashboard.analysis.page import VIEWS, AnalysisPage
from tests.dashboard.helpers import SCRIPT


def opened(catalogue, query=""):
    page = AnalysisPage(catalogue, query=query)
    page.content()
    page.wait()
    page.address.look()
    return page


def written(page):
    return page.address.bar.wanted["query"]


@pytest.fixture
def page(catalogue):
    page = opened(catalogue)
    yield page
    page.close()


def test_the_address_opens_the_same_analysis(page, catalogue):
    page.state.o.param.update(seed=4, count=31)
    page.state.b.sigma = 1.5
    page.tabs.active = VIEWS.index("Diagnostics")
    page.wait()
    page.address.look()
    query = written(page)
    for part in ("?v=1&case.name=periodic-1d", "background_error.sigma=1.5", "observations.seed=4", "tab=diagnostics"):
        assert part in query
    other = opened(catalogue, query)
    assert other.state.settings == page.state.settings
    assert other.tabs.active == page.tabs.active
    assert (other.state.result.analysis.mean == page.state.result.analysis.mean).all()
    assert written(other) == ""  # it says already what it should
    assert not other.address.notice.visible
    other.close()


def test_a_case_alone_begins_with_what_suits_it(catalogue):
    begun = opened(catalogue, "?v=1&dataset=a.nc")
    assert begun.state.kind == "field"
    assert begun.state.o.sigma is not None
    assert "case.path=a.nc" in written(begun)
    begun.close()


def test_steps_of_the_history_are_cases_and_tabs_but_not_numbers(page):
    steps = []
    for change in (
        lambda: page.state.b.param.update(sigma=1.7),
        lambda: setattr(page.tabs, "active", 1),
        lambda: page.state.param.update(kind="xz-2d"),
    ):
        change()
        page.wait()
        page.address.look()
        steps.append(page.address.bar.wanted["step"])
    assert steps == [False, True, True]


def test_going_back_brings_the_last_state_and_writes_nothing(page):
    first, before = written(page), page.state.settings
    page.state.param.update(kind="xz-2d")
    page.wait()
    page.address.look()
    second = page.address.bar.wanted
    page.address.bar._handle_msg({"query": first})
    page.wait()
    assert page.state.kind == "periodic-1d"
    assert page.state.settings == before
    page.address.look()
    assert page.address.bar.wanted is second  # what the browser has is right
    page.address.bar._handle_msg({"query": second["query"]})
    page.wait()
    assert page.state.kind == "xz-2d"


@pytest.mark.parametrize(
    "key", ["case.name", "case.path", "observations.operator", "background_error.sigma", "tab", "dataset", "<b>", "v"]
)
def test_script_tags_stay_text_and_the_page_opens(catalogue, key):
    page = opened(catalogue, query_of(((key, SCRIPT), ("background_error.sigma", "1.5"))) if key != "v" else f"?v={SCRIPT}")
    shown = [page.address._said.object, page._problem.object, page._belongs.object, page._stale.object]
    assert not any("<script" in text or "<img" in text for text in shown)
    assert page.address.faults or page.state.problem
    page.close()


def test_what_is_wrong_is_said_until_it_is_closed(catalogue):
    page = opened(catalogue, "?v=2&case.name=periodic-1d&case.points=80&observations.cuont=3&tab=b")
    assert page.state.opened.prepared.settings.points == 80
    assert page.tabs.active == 1
    assert "came &#x27;2&#x27;" in page.address._said.object
    assert "did you mean &#x27;observations.count&#x27;?" in page.address._said.object
    page.address._close.clicks += 1
    assert not page.address.notice.visible
    page.close()


def test_an_address_that_is_too_long_is_refused_with_a_way_out(catalogue):
    page = opened(catalogue, "?v=1&case=xz-2d")
    page.state.o.param.update(places=tuple((k / 9, 3.3) for k in range(700)), placement="clicked")
    page.wait()
    page.address.look()
    assert page.address.bar.wanted["query"] == ""
    assert "File tab" in page.address.bar.wanted["refused"]
    assert f"{LONGEST:,}" in page.address.bar.wanted["refused"]
    page.close()


def test_the_tabs_of_addresses_are_those_of_the_page():
    for name in VIEWS:
        assert AnalysisView.model_validate({"tab": tab_name(name)}).tab


def test_links_are_readable_and_quoted():
    assert link("explore", {"dataset": "a b/c&d.nc", "at.time": "2019-03-16T12:00"}, "dark") == (
        "explore?v=1&dataset=a+b/c%26d.nc&at.time=2019-03-16T12:00&theme=dark"
    )


# What is chosen on the tabs -----------------------------------------------------------------------------------------------


def query_after(page):
    page.wait()
    page.address.look()
    return written(page)


def test_what_is_chosen_on_the_tabs_opens_again(page, catalogue):
    assert not {"column", "shown", "across", "upward", "score", "network"} & dict(page.address._written).keys()
    page.tabs.active = VIEWS.index("B")
    page.wait()
    page.covariance._on_tap(0.3)
    page.tabs.active = VIEWS.index("Tuning surface")
    page.tuning.x.value, page.tuning.score.value = "length", "rmse"
    query = query_after(page)
    for part in ("column=%5B0.3%5D", "across=length", "score=rmse", "tab=tuning-surface"):
        assert part in query
    assert "upward" not in query
    other = opened(catalogue, query)
    assert (other.tuning.x.value, other.tuning.y.value, other.tuning.score.value) == ("length", "sigma_o", "rmse")
    assert other.tuning.newest[1].x.parameter == "length"
    assert written(other) == ""
    other.tabs.active = VIEWS.index("B")
    other.wait()
    assert other.covariance.newest[1].place == pytest.approx((0.3,))
    other.state.param.update(kind="xz-2d")  # of which 0.3 is no place
    assert "column=" not in query_after(other)
    assert not other.address.notice.visible
    other.close()


def test_going_back_chooses_on_the_tabs_what_was_chosen_before(page):
    page.tabs.active = VIEWS.index("Tuning surface")
    first = query_after(page)
    page.tuning.y.value = "length"
    query_after(page)
    assert page.address.bar.wanted["step"]
    page.address.travel(first)
    assert page.tuning.y.value == "sigma_o"
    page.wait()
    assert page.tuning.newest[1].y.parameter == "sigma_o"
    page.tabs.active = VIEWS.index("B")
    first = query_after(page)
    page.covariance._on_tap(0.3)
    query_after(page)
    page.address.travel(first)
    page.wait()
    assert page.covariance.newest[1].place[0] == pytest.approx(0.5, abs=0.01)


def test_a_score_that_needs_the_truth_is_said_where_nobody_knows_it(page):
    said, unknown = [], SimpleNamespace(case=SimpleNamespace(has_truth=False))
    page.tuning.choose(unknown, "sigma_b", "sigma_o", "rmse", said.append)
    assert said == ["score: nobody knows the truth here that an RMSE could be against; came rmse"]
    assert page.tuning.chosen(unknown)["score"] == "likelihood"


def test_what_is_shown_of_an_estimated_b_opens_again(catalogue):
    page = opened(catalogue, "?v=1&dataset=ncep-air-temperature")
    page.state.b.source = "nmc"
    page.tabs.active = VIEWS.index("B")
    page.wait()
    page.covariance.modes.value = 3
    query = query_after(page)
    assert "shown=eof-2" in query
    other = opened(catalogue, query)
    assert other.covariance.modes.value == 3
    assert written(other) == ""
    other.state.b.source = "static"
    assert "shown" not in query_after(other)
    other.close()
    page.close()


def test_an_eigenvector_that_an_estimate_does_not_have_is_said(page):
    said = []
    page.covariance._awaited = 7, said.append
    page.covariance._offer({"σ_b of each point": 0, "Correlation length of each point": 1, "EOF 1 (100 %)": 2})
    assert said == ["shown: this B has eof-1 as the last; came eof-6"]
    assert page.covariance.modes.value == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("tab=b&column=[1,2]", "column: a place has 1 number here; came [1.0, 2.0]"),
        ("shown=eof-2", "shown: this B is not estimated from the times of a file; came eof-2"),
        ("across=temperature", "across: must be"),
        ("tab=network&network=nobody", "network: there is none of this run that takes the problem; came &#x27;nobody&#x27;"),
    ],
)
def test_what_cannot_be_chosen_on_the_tabs_is_said(catalogue, query, said):
    page = opened(catalogue, f"?v=1&case.name=periodic-1d&{query}")
    assert said in page.address._said.object
    page.close()


def test_the_network_that_is_chosen_opens_again_once_it_is_known_which_there_are(catalogue, monkeypatch):
    text = "{kind: training, task: aivar-1d-conditioned, iterations: 3, batch: 8}"
    runs = [Job(id=name, kind="training", settings=text, state=State.COMPLETED, created=0.0) for name in ("new", "old")]
    jobs = SimpleNamespace(loading=False, list=lambda: runs)
    monkeypatch.setattr(network, "all_jobs", lambda: jobs)
    page = opened(catalogue, "?v=1&case.name=periodic-1d&tab=network")
    assert "network=new" in written(page)  # another one may be the newest when it is opened elsewhere
    page.network.chosen.value = "old"
    query = query_after(page)
    assert "network=old" in query
    page.tabs.active = VIEWS.index("File")
    assert "network" not in query_after(page)
    jobs.loading = True
    runs, known = [], runs
    other = opened(catalogue, query)
    assert written(other) == ""
    jobs.loading, runs = False, known
    other.network._look()
    assert other.network.chosen.value == "old"
    assert not other.address.notice.visible
    page.close()
    other.close()


def test_the_pinned_analysis_is_in_the_address(page, catalogue):
    before = written(page)
    page.tabs.active = VIEWS.index("Compare")
    page.state.pin()
    page.state.b.length = 0.2
    page.wait()
    page.address.look()
    query = written(page)
    assert page.address.bar.wanted["step"]
    assert "pinned.background_error.length=0.08" in query
    other = opened(catalogue, query)
    assert other.state.b.length == 0.2
    assert (other.state.pinned.outcome.analysis.mean == page.state.pinned.outcome.analysis.mean).all()
    assert other.compare._words.object == page.compare._words.object
    assert other.compare._table.object == page.compare._table.object
    assert not other.address.notice.visible
    other.address.travel(before)
    other.wait()
    assert other.state.pinned.outcome is None
    other.address.look()
    other.address.travel(query)
    other.wait()
    assert (other.state.pinned.outcome.analysis.mean == page.state.pinned.outcome.analysis.mean).all()
    other.compare.unpin.clicks += 1
    other.address.look()
    assert "pinned" not in written(other)
    assert "Pin the analysis that is shown" in other.compare._words.object
    other.close()


def test_numbers_that_an_address_leaves_open_are_compared_too(catalogue):
    page = opened(catalogue, "?v=1&case.name=xz-2d&background_error.sigma=2&tab=compare&pinned.case.name=xz-2d")
    assert "differs: <code>background_error.sigma</code> 1 → 2." in page.compare._words.object
    page.state.pin()
    assert "The settings are the same.<" in page.compare._words.object
    page.close()


@pytest.mark.parametrize(
    ("of_pinned", "said"),
    [
        ("pinned.background_error.sigma=-1", "pinned.background_error.sigma"),
        ("pinned.case.name=field&pinned.case.path=nothing.nc&pinned.case.variable=t2m", "nothing.nc"),
    ],
)
def test_a_pinned_analysis_that_cannot_be_made_is_said(catalogue, of_pinned, said):
    page = opened(catalogue, f"?v=1&case.name=periodic-1d&tab=compare&{of_pinned}")
    assert page.address.notice.visible
    assert said in page.address._said.object
    assert page.state.result is not None
    page.close()

"""The address of the Analysis page: what it says opens the same analysis, and going back brings the last one."""

import pytest

from dashboard.address import LONGEST, link, query_of, tab_name
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

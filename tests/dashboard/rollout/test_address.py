"""What the address of the Rollout page says of forecasts that have been run: a link shows the same."""

import pytest

from backends.experiments.rollout.settings import RolloutSettings
from dashboard.address import query_of
from dashboard.rollout.address_keys import RolloutAddressView
from dashboard.rollout.page import ARCHIVE, PLAY, SENSITIVITY, SKILL, RolloutPage
from tests.dashboard.rollout.pages import EUROPE, WATER, run
from tests.dashboard.rollout.test_archive import write
from tests.dashboard.rollout.test_sensitivity import PLANE

PHASE = """
kind: rollout
start: {name: testbed, dynamics: {name: lorenz63}}
models: [{name: perfect}, {name: persistence}]
steps: 6
members: 2
starts: 2
"""


def written(page: RolloutPage) -> str:
    page.address.look()
    return page.address.bar.wanted["query"]


def said(page: RolloutPage) -> str:
    """Return what the address says besides the experiment."""
    return query_of(page.address.now()).partition("&run=true")[2]


def opened(tmp_path, query: str) -> RolloutPage:
    page = RolloutPage(tmp_path, query)
    for _ in range(3):  # the forecasts, those of another start, and what is read for a tab
        page.state.wait()
        page.sensitivity.asking.wait()
        page.archive.wait()
    return page


def test_what_has_been_run_is_shown_as_usual_without_a_word(page):
    run(page)
    for tab in (PLAY, SKILL, SENSITIVITY, ARCHIVE):
        page.tabs.active = tab
        assert said(page) == ""


def test_start_lead_speed_and_place_of_a_line_are_in_the_address(page, tmp_path):
    run(page)
    page.play.start.value = 2
    page.state.wait()
    page.play.player.go(4)
    page.play.player.speed.value = 25
    page.play._pictures.lines._on_tap(3)
    query = written(page)
    assert said(page) == "&lead=4&shown_start=2&speed=40&place=%5B3%5D"
    other = opened(tmp_path, query)
    assert (other.state.view.start, other.play.player.lead, other.state.component) == (2, 4, 3)
    assert other.play.player.clock.period == 25
    assert other.play.start.value == 2
    assert said(other) == said(page)
    assert other.address.faults == ()
    other.close()


def test_going_back_shows_what_was_shown(page):
    run(page)
    first = written(page)
    page.play.start.value = 1
    page.state.wait()
    second = written(page)
    assert page.address.bar.wanted["step"]
    page.play.player.go(2)
    page.play._pictures.lines._on_tap(3)
    third = written(page)
    assert not page.address.bar.wanted["step"]
    result = page.state.view.result
    for query, shown in ((second, (1, 0, 6)), (first, (0, 0, 6)), (third, (1, 2, 3))):
        page.address.travel(query)
        page.state.wait()
        assert (page.state.view.start, page.play.player.lead, page.state.component) == shown
        assert page.state.view.result is result
        assert said(page) == query.partition("&run=true")[2]


def test_run_alone_forecasts_with_the_settings_that_the_page_begins_with(tmp_path):
    other = opened(tmp_path, "v=1&run=true&tab=skill")
    assert other.state.view is not None
    plain = RolloutPage(tmp_path, "v=1&tab=skill")
    assert other.state.view.prepared.settings == plain.state.checked()
    assert plain.state.view is None
    assert other.address.faults == ()
    other.close()
    plain.close()


def test_components_in_phase_space_are_called_by_their_names(page, tmp_path):
    page.state.take(PHASE)
    run(page)
    pictures = page.play._pictures
    pictures.plane.value, pictures.series.value = (0, 2), 1
    assert said(page) == "&drawn=x-z&series=y"
    other = opened(tmp_path, written(page))
    assert (other.play._pictures.plane.value, other.state.component) == ((0, 2), 1)
    query = written(page).replace("x-z", "x-q").replace("series=y", "series=p")
    wrong = opened(tmp_path, query + "&shown_start=2&lead=9&town=Paris&shown=spread")
    assert wrong.address.faults == (
        "shown_start: the last of the starts, counted from 0, is 1; came 2",
        "lead: the last is 6; came 9",
        "drawn: there is 3D, x-y, x-z, y-z; came 'x-q'",
        "series: there is x, y, z; came 'p'",
        "shown: is of other states than these forecasts have; came 'spread'",
        "town: is of other states than these forecasts have; came 'Paris'",
    )
    other.close()
    wrong.close()


def test_field_members_and_place_of_maps_are_in_the_address(page, tmp_path):
    page.state.take(WATER)
    run(page)
    pictures = page.play._pictures
    pictures.shown.value, pictures.field.value = "member 2", 1
    assert said(page) == "&shown=member+2&field=u"
    pictures._on_tap(40.0, -30.0)
    component = page.state.component
    other = opened(tmp_path, written(page))
    assert other.play.frame() == page.play.frame()
    assert other.state.component == component
    assert component // page.state.view.layout.size == 1
    page.address.travel(written(page).partition("&shown=")[0])
    assert (pictures.shown.value, page.state.field) == ("mean", 0)
    assert page.state.component == page.state.view.middle(0)
    other.close()


def test_a_town_stands_for_its_place(page, tmp_path):
    page.state.take(EUROPE)
    run(page)
    page.play.point.town.value = "Potsdam, DE"
    assert said(page) == "&town=Potsdam,+DE"
    query, component = written(page), page.state.component
    page.play._pictures._on_tap(-3.0, 57.0)
    assert written(page).endswith("&place=%5B56.8917,-3.05556%5D")
    elsewhere = page.state.component
    page.address.travel(query)
    assert (page.play.point.town.value, page.state.component) == ("Potsdam, DE", component)
    for place, expected, faults in (("[57,357]", elsewhere, 0), ("[57,100]", page.state.view.middle(), 1)):
        page.address.travel(query.replace("town=Potsdam,+DE", f"place={place}"))
        assert (page.play.point.town.value, page.state.component) == ("–", expected)
        assert len(page.address.faults) == faults


def test_baseline_and_field_of_skill_are_said_on_its_tab(page, tmp_path):
    run(page)
    page.play.player.go(3)
    page.tabs.active = SKILL
    page.skill.baseline.value = "forcing 6.0"
    assert said(page) == "&lead=3&skill_baseline=forcing+6.0"
    assert "tab=skill" in written(page)
    other = opened(tmp_path, written(page))
    assert (other.skill.baseline.value, other.play.player.lead) == ("forcing 6.0", 3)
    other.address.travel(written(page).replace("forcing+6.0", "nobody"))
    assert other.address.faults == ("skill_baseline: there is perfect model, forcing 6.0, persistence; came 'nobody'",)
    assert other.skill.baseline.value == "persistence"
    page.tabs.active = PLAY
    assert said(page) == "&lead=3"
    other.close()


def test_the_question_of_sensitivity_is_in_the_address(page, tmp_path):
    page.state.take(PLANE)
    run(page)
    page.tabs.active = SENSITIVITY
    tab = page.sensitivity
    tab.asking.wait()
    tab.member.value, tab.lead.value = 2, 3
    tab._on_box(((0.1, 0.26), (0.0, 0.1)))
    tab.asking.wait()
    question, query = tab.asking.question, written(page)
    assert "&error_member=3&error_lead=3&box=" in query
    other = opened(tmp_path, query)
    assert other.sensitivity.asking.answer.question == question
    for there, here in zip(other.sensitivity.corners, tab.corners, strict=True):
        assert there.value == here.value
    assert (other.sensitivity.member.value, other.sensitivity.lead.value) == (2, 3)
    kept = query.partition("&error_member")[0]
    other.address.travel(kept + "&error_model=nobody&error_member=9&error_lead=9&box=%5B900,901,0,1%5D&sensitivity_to=heat")
    assert [fault.partition(":")[0] for fault in other.address.faults] == [
        "error_member", "error_lead", "error_model", "box", "sensitivity_to",
    ]  # fmt: skip
    page.address.travel(kept + "&box=%5B1,2,3%5D")
    assert page.address.faults == ("box: must be the ends along the line, or the ends across and those up; came 3 numbers",)
    assert tab.asking.question.ranges == ((4, 5), (11, 14))
    other.close()


def test_a_store_and_what_is_asked_of_its_chunks_are_in_the_address(page, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path / "home"))
    run(page)
    page.tabs.active = ARCHIVE
    before = written(page)
    write(page)
    assert said(page) == "&store=a-map.zarr"
    chunks = page.archive.chunks
    chunks.kind.value = "A series at a place"
    chunks.sliders["member"].value = 1
    assert said(page) == "&store=a-map.zarr&query=series&position.member=1"
    other = opened(tmp_path, written(page))
    assert other.archive.chunks.chosen == chunks.chosen
    assert "a-map.zarr" in other.archive._about_chunks.object
    page.address.travel(before)
    assert (page.archive.store, page.archive._of_chunks.visible) == (None, False)
    page.address.travel(before + "&store=../a-map.zarr")
    assert page.address.faults == ("store: there is no store of this name on this server; came '../a-map.zarr'",)
    assert page.archive.store is None
    other.close()


def test_no_key_is_that_of_a_setting():
    assert not set(RolloutAddressView.model_fields) & set(RolloutSettings.model_fields)


@pytest.mark.parametrize("store", ["a-map", "-map.zarr", "a-other.zarr", "a-map.zarr/..", ".zarr"])
def test_names_that_are_no_stores_are_refused(store, page, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSIMILAB_HOME", str(tmp_path / "home"))
    faults = []
    page.archive.choose(RolloutAddressView(store=store), faults.append)
    assert len(faults) == 1
    assert page.archive.store is None

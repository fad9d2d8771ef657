"""The Sensitivity tab without a browser: what is asked, what comes, and what is said where nothing does."""

import time

import numpy as np
import pytest
from bokeh.events import SelectionGeometry

from dashboard.rollout import asking
from dashboard.rollout.page import PLAY, SENSITIVITY, RolloutPage
from tests.dashboard.helpers import text_of
from tests.dashboard.rollout.pages import SMALL, run

PLANE = """
kind: rollout
start: {name: testbed, dynamics: {name: advection-diffusion, nx: 26, nz: 10}}
models: [{name: perfect}, {name: climatology}]
steps: 8
every: 2
members: 3
starts: 2
"""


def opened(page: RolloutPage, text: str = SMALL):
    page.state.take(text)
    run(page)
    page.tabs.active = SENSITIVITY
    page.sensitivity.asking.wait()
    return page.sensitivity


def drag(figure, **geometry) -> None:
    figure._trigger_event(SelectionGeometry(figure, {"type": "rect", **geometry}, final=True))


def test_nothing_is_asked_before_there_is_a_forecast(page):
    page.tabs.active = SENSITIVITY
    assert "Nothing has been forecast yet" in page.sensitivity._words.object
    assert not page.sensitivity._bar.visible
    assert page.sensitivity.asking.question is None


def test_a_line_has_an_error_and_its_gradient(page):
    tab = opened(page)
    answer = tab.asking.answer
    np.testing.assert_allclose(tab.lines._source.data["gradient"], answer.gradient, rtol=1e-6)
    np.testing.assert_allclose(tab.lines._source.data["error"], answer.error, rtol=1e-6)
    assert tab._table.object.count("<tr>") == 1 + len(answer.places[0])
    assert [corner.visible for corner in tab.corners] == [True, True, False, False]
    assert tab.lines._interval.data == {"x0": [4.5], "x1": [5.5]}


def test_another_interval_is_dragged_or_typed(page):
    tab = opened(page)
    first = tab.asking.answer
    drag(tab.lines.figures[1], x0=2.2, x1=6.9, y0=-1, y1=1)
    tab.asking.wait()
    assert tab.asking.question.ranges == ((3, 7),)
    assert [corner.value for corner in tab.corners[:2]] == [3, 6]
    assert tab.asking.answer is not first
    tab.corners[1].value = 4
    tab.asking.wait()
    assert tab.asking.question.ranges == ((3, 5),)
    tab.corners[1].value = 2
    assert "the lower bound first" in text_of(tab._problem)
    assert tab.asking.question.ranges == ((3, 5),)
    tab.corners[1].value = 4
    assert text_of(tab._problem) == ""


def test_model_member_and_lead_are_asked_for(page):
    tab = opened(page)
    assert tab.said.object.count("0.05") == 1  # a fourth of the six leads
    tab.model.value, tab.member.value = 2, 1
    tab.lead.value = 4
    tab.asking.wait()
    question = tab.asking.answer.question
    assert (question.model, question.member, question.lead) == (2, 1, 4)
    view = page.state.view
    np.testing.assert_allclose(tab.asking.answer.error, (view.forecasts[2].members[4, 1] - view.truth[4]), atol=1e-5)


def test_on_a_plane_maps_are_shown_and_climatology_has_no_gradient(page):
    tab = opened(page, PLANE)
    answer = tab.asking.answer
    np.testing.assert_allclose(tab.maps._images[1].data["image"][0].ravel(), answer.gradient, rtol=1e-5, atol=1e-12)
    assert -tab.maps._mappers[1].low == tab.maps._mappers[1].high == pytest.approx(np.abs(answer.gradient).max())
    drag(tab.maps.figures[0], x0=0.26, x1=0.1, y0=0.0, y1=0.1)
    assert tab.asking.question.ranges == ((0, 3), (2, 5))
    tab.model.value = 1
    tab.asking.wait()
    assert "climatology is zero" in tab._facts.object
    assert tab._table.object == ""


def test_other_forecasts_are_asked_what_fits_them(page):
    tab = opened(page)
    drag(tab.lines.figures[0], x0=2.2, x1=6.9, y0=-1, y1=1)
    page.state.form.section.seed = 5
    run(page)
    page.tabs.active = PLAY
    page.tabs.active = SENSITIVITY
    tab.asking.wait()
    assert tab.asking.answer.question.ranges == ((3, 7),)
    opened(page, PLANE)
    assert tab.asking.answer.question.ranges == ((4, 5), (11, 14))
    assert tab._picture.objects == [tab.maps.pane]


def test_a_gradient_that_takes_too_long_is_given_up(page, monkeypatch):
    tab = opened(page)
    monkeypatch.setattr(asking, "MOST_SECONDS", -1.0)
    tab.asking.ask(tab.asking.question, lead=6)
    tab.asking.wait()
    assert "choose a shorter lead" in text_of(tab._problem)
    assert not tab.asking.running


def test_the_newest_question_wins(page, monkeypatch):
    tab = opened(page)
    begun = []
    true = asking.sensitivity_of

    def slow(prepared, layout, question, report):
        begun.append(question.lead)
        while question.lead == 6:
            time.sleep(0.01)
            report(0, 1)
        return true(prepared, layout, question, report)

    monkeypatch.setattr(asking, "sensitivity_of", slow)
    tab.asking.ask(tab.asking.question, lead=6)
    while begun != [6]:
        time.sleep(0.01)
    tab.asking.ask(tab.asking.question, lead=5)
    tab.asking.wait()
    assert begun == [6, 5]
    assert tab.asking.answer.question.lead == 5

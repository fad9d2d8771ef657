"""Rollouts that go on from live races and from the Analysis page, without a browser."""

from urllib.parse import urlsplit

import pytest

from backends.experiments.rollout.prepare import prepare
from backends.experiments.run import from_yaml
from backends.experiments.settings import AnalysisSettings
from backends.fields.catalogue import Catalogue
from dashboard.analysis.onward import Onward
from dashboard.analysis.page import AnalysisPage
from dashboard.cycling.page import CyclingPage
from dashboard.races import RACES
from dashboard.rollout.page import RolloutPage
from tests.dashboard.helpers import SCRIPT, text_of
from tests.dashboard.live_races import look, steps, wait_until

RACE = f"""
kind: cycling
title: "{SCRIPT}"
dynamics: {{name: lorenz63}}
model: {{rho: 26.0}}
observations: {{every: 10, sigma: 1.0}}
methods: [{{name: 3dvar}}, {{name: etkf, members: 6, inflation: 1.05}}]
cycles: 500
spinup: 1
"""


@pytest.fixture
def cycling():
    page = CyclingPage()
    page.state.take(RACE)
    wait_until(lambda: page.state.live.ready)
    yield page
    if page.state.live is not None:
        RACES.drop(page.state.live)
    page.close()


def opened(tmp_path, address: str) -> RolloutPage:
    """Return the Rollout page of an address, its forecasts run."""
    parts = urlsplit(address)
    assert parts.path == "rollout"
    page = RolloutPage(tmp_path, parts.query)
    page.state.wait()
    return page


def test_forecasts_from_a_live_race_and_its_file_are_the_same(cycling, tmp_path):
    steps(cycling.state, 12)
    cycling.state.chosen = 1
    view = look(cycling.state)
    cycling.live.show(view)
    page = opened(tmp_path, cycling.live.onward.href)
    state = page.state
    assert (state.problem, state.fault) == ("", "")
    start = state.settings().start
    assert (start.number, start.cycle, state.settings().members) == (1, 12, 6)
    assert state.view.labels == ("perfect model", "rho 26.0", "persistence")
    alone = prepare(from_yaml(state.yaml()), tmp_path)
    assert alone.ensemble.equal(state.view.prepared.ensemble)
    assert alone.starts.states.equal(state.view.prepared.starts.states)
    page.close()


def test_all_methods_of_the_cycle_are_offered_and_other_races_are_listed(cycling, tmp_path):
    steps(cycling.state, 5)
    page = RolloutPage(tmp_path)
    page.state.form.chosen.start = "analysis"
    assert "Race: choose one" in text_of(page.controls.form.boxes["start.race"][1])
    page.tick()
    analysis = page.controls.analysis
    assert cycling.state.live.key in analysis.race.options.values()
    analysis.race.value = cycling.state.live.key
    analysis._on_take(None)
    page.state.wait()
    assert page.state.view.prepared.given.start.number == 0
    assert SCRIPT not in analysis._where.object
    steps(cycling.state, 2)
    analysis.method.value = 1
    assert (page.state.settings().start.number, page.state.settings().start.cycle) == (1, 5)
    page.state.run()
    page.state.wait()
    assert page.state.view.prepared.given in page.state._given  # none has been run again
    page.state.form.chosen.start = "testbed"
    assert page.state.fault == ""
    page.close()


def test_a_race_that_is_gone_or_has_not_begun_says_what_to_do(cycling, tmp_path):
    page = opened(tmp_path, f"rollout?race={cycling.state.live.key}&method=0")
    assert "run a cycle on the Cycling page first" in page._problem.object
    page.close()
    page = opened(tmp_path, "rollout?race=gone&method=1")
    assert "That race is not on this server any more: start one on the Cycling page" in page._problem.object
    assert page.state.kind == "testbed"
    page.close()


def test_the_analysis_of_the_line_goes_on(tmp_path):
    analysing = AnalysisPage(Catalogue(tmp_path))
    analysing.wait()
    assert analysing.onward.button.visible
    page = opened(tmp_path, analysing.onward.button.href)
    assert (page.state.problem, page.state.fault) == ("", "")
    outcome = analysing.state.result
    assert page.state.view.prepared.given.analysis.mean[0].equal(outcome.analysis.mean)
    assert page.state.view.prepared.world.size == outcome.analysis.mean.shape[-1]
    page.state.form.chosen.perturbation = "background"
    page.state.run()
    page.state.wait()
    assert page.state.problem == ""
    analysing.close()
    page.close()


def test_the_analysis_page_says_why_no_model_goes_on():
    onward = Onward()
    onward.show(AnalysisSettings.model_validate({"case": {"name": "xz-2d"}}))
    assert not onward.button.visible
    assert "there is no model of temperature on a vertical plane" in onward._why.object
    places = [[k / 1000] for k in range(900)]
    onward.show(AnalysisSettings.model_validate({"observations": {"placement": "clicked", "places": places}}))
    assert not onward.button.visible
    assert "too long for an address" in onward._why.object


def test_settings_that_cannot_be_gone_on_from_are_told_in_one_sentence(tmp_path):
    page = RolloutPage(tmp_path, "start.name=analysis&start.analysis.case.name=stations")
    assert "an analysis between stations is no state of a model" in page.address.faults[0]
    page.close()
    page = RolloutPage(tmp_path, "start.name=analysis&start.analysis=[")
    assert text_of(page.address._said)
    page.close()

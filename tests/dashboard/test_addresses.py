"""The addresses of the Cycling, Training and Rollout pages: what they say opens the same settings."""

import pytest

from dashboard.address import query_of, tab_name
from dashboard.cycling import page as cycling
from dashboard.cycling.address import CyclingView
from dashboard.races import RACES
from dashboard.rollout import page as rollout
from dashboard.rollout.address_keys import RolloutAddressView
from dashboard.training import page as training
from dashboard.training.address_keys import TrainingView
from tests.dashboard.helpers import SCRIPT


def written(page):
    page.address.look()
    return page.address.bar.wanted["query"]


def test_a_race_is_gone_but_its_address_has_the_settings():
    page = cycling.CyclingPage()
    page.state.choose_testbed("lorenz63")
    page.state.add_method("free")
    page.state.run.seed = 7
    query, settings, key = written(page), page.state.settings(), page.state.live.key
    assert f"race={key}" in query
    assert "methods.1.name=free" in query or "methods.2.name=free" in query
    same = cycling.CyclingPage(query=query)
    assert same.state.live is page.state.live
    assert written(same) == ""
    RACES.drop(page.state.live)
    page.close()
    same.close()
    anew = cycling.CyclingPage(query=query)
    assert anew.state.settings() == settings
    assert "not on this server any more" in anew.state.problem
    RACES.drop(anew.state.live)
    anew.close()


def test_going_back_changes_the_race_that_is_shown():
    page = cycling.CyclingPage()
    first = written(page)
    page.tabs.active = cycling.VIEWS.index("File")
    page.state.network.sigma = 0.5
    assert "observations.sigma=0.5" in written(page)
    page.address.travel(first)
    assert page.state.network.sigma != 0.5
    assert page.tabs.active == 0
    RACES.drop(page.state.live)
    page.close()


def test_the_settings_of_a_training_are_in_its_address(tmp_path):
    page = training.TrainingPage(tmp_path)
    page.state.form.section.seed = 11
    query = written(page)
    assert f"task={page.state.task}" in query
    assert "seed=11" in query
    other = training.TrainingPage(tmp_path, query=query + "&tab=file")
    assert other.state.settings() == page.state.settings()
    assert training.VIEWS[other.tabs.active] == "File"
    page.close()
    other.close()


def test_a_rollout_that_has_been_run_is_run_where_its_address_is_opened(tmp_path):
    page = rollout.RolloutPage(tmp_path)
    page.state.form.section.param.update(steps=4, members=2, starts=2, seed=3)
    assert "run=true" not in written(page)
    page.state.run()
    page.state.wait()
    query = written(page)
    assert "run=true" in query
    other = rollout.RolloutPage(tmp_path, query)
    other.state.wait()
    assert other.state.settings() == page.state.settings()
    assert other.state.view is not None
    page.close()
    other.close()


@pytest.mark.parametrize(
    "key", ["task", "dynamics.name", "methods.0.name", "title", "race", "start.name", "models.0.name", "tab"]
)
def test_script_tags_stay_text(key, tmp_path):
    query = query_of(((key, SCRIPT),))
    pages = (
        cycling.CyclingPage(query=query),
        training.TrainingPage(tmp_path, query=query),
        rollout.RolloutPage(tmp_path, query),
    )
    for page in pages:
        for pane in (page.address._said, page._problem):
            assert "<script" not in pane.object
            assert "<img" not in pane.object
        assert page.address.faults or page.state.problem or key in ("title", "race")
        page.close()
    RACES.drop(pages[0].state.live) if pages[0].state.live else None


@pytest.mark.parametrize(
    ("views", "model"),
    [(cycling.VIEWS, CyclingView), (training.VIEWS, TrainingView), (rollout.VIEWS, RolloutAddressView)],
    ids=["cycling", "training", "rollout"],
)
def test_the_tabs_of_addresses_are_those_of_the_pages(views, model):
    for name in views:
        assert model.model_validate({"tab": tab_name(name)}).tab

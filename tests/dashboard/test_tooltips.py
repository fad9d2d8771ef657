"""Every control says what it is: a walk over all pages, tabs, cases, testbeds, methods and tasks without a browser."""

from collections.abc import Iterator
from typing import Any

import panel as pn
import panel_material_ui as pmui
import pytest
from panel.widgets.base import WidgetBase

from backends.experiments.training.registry import TASKS
from backends.fields.catalogue import Catalogue
from dashboard.analysis.page import VIEWS as ANALYSIS_VIEWS
from dashboard.analysis.page import AnalysisPage
from dashboard.cycling.controls import CyclingControls
from dashboard.cycling.names import METHODS
from dashboard.cycling.page import VIEWS as CYCLING_VIEWS
from dashboard.cycling.page import CyclingPage
from dashboard.cycling.sections import KINDS, TESTBEDS
from dashboard.cycling.state import CyclingState
from dashboard.explore.observations.columns import ColumnsPanel, ValueControls
from dashboard.explore.observations.decoding import DecodingNotice
from dashboard.explore.observations.state import ObservationState
from dashboard.explore.observations.view import ObservationsView
from dashboard.explore.views import VIEWS as EXPLORE_VIEWS
from dashboard.form import FormState
from dashboard.home import HomePage
from dashboard.rollout.page import VIEWS as ROLLOUT_VIEWS
from dashboard.rollout.page import RolloutPage
from dashboard.scenes import ScenePanel, scene_address, scenes
from dashboard.sections import section_state
from dashboard.training.controls import TrainingControls
from dashboard.training.page import VIEWS as TRAINING_VIEWS
from dashboard.training.state import TrainingState
from tests.dashboard.explore.conftest import levels
from tests.dashboard.explore.pages import open_tab
from tests.dashboard.training.conftest import jobs, view

__all__ = ["jobs", "levels", "view"]

#: Panel has no descriptions for the first three; what they are is said above them. The last are numbers for the browser alone.
WITHOUT = (pn.widgets.Tabulator, pn.widgets.FileDropper, pmui.LinearProgress, pn.widgets.IntInput)


def controls(parts: Any) -> Iterator[Any]:
    """Return all controls, also those that are hidden; closed groups are opened first."""
    while closed := [toggle for part in parts for toggle in part.select(pmui.Toggle) if toggle.icon == "chevron_right"]:
        for toggle in closed:
            toggle.value = True
    for part in parts:
        yield from (widget for widget in part.select(WidgetBase) if not isinstance(widget, WITHOUT))


def silent(parts: Any) -> list[str]:
    """Return the controls without a name or a description."""
    found = []
    for widget in controls(parts):
        named = widget.label or isinstance(widget, pmui.IconButton)
        if not named or not widget.description:
            found.append(f"{type(widget).__name__} {widget.label!r}")
    return found


def of(content: Any) -> list[Any]:
    return [*content.main, *content.sidebar]


def test_the_walk_finds_a_control_that_says_nothing():
    column = pn.Column(pn.Row(pmui.Button(label="Go")), pmui.FloatInput(label="", description="A number"))
    assert silent([column]) == ["Button 'Go'", "FloatInput ''"]


def test_home(catalogue):
    page = HomePage(catalogue, dark=False)
    assert silent(of(page.content())) == []
    page.help.button.clicks += 1
    assert silent([page.help.drawer]) == []


def test_explore_on_all_tabs(levels):
    content = levels.content()
    levels.state.pick(40.0, 0.0)
    for name in EXPLORE_VIEWS:
        open_tab(levels, name)
    assert silent(of(content)) == []


def test_views_of_observations(catalogue):
    state = ObservationState()
    help_button = pmui.Button(label="Help", description="Help")
    view, columns = ObservationsView(state, catalogue, help_button), ColumnsPanel(state, state.cancel)
    value = ValueControls({"T": 0}, 0, "air_temperature", "K")
    parts = [view.pane, view.controls, view._chip("time", "12 UTC"), DecodingNotice(state, state.cancel).pane]
    assert silent([*parts, columns.button, *columns._content(), value.pane]) == []


@pytest.mark.parametrize("kind", ["periodic-1d", "xz-2d", "field"])
def test_analysis_on_all_tabs(catalogue, kind):
    page = AnalysisPage(catalogue, "a.nc" if kind == "field" else "", kind)
    content = page.content()
    page.wait()
    for tab in range(len(ANALYSIS_VIEWS)):
        page.tabs.active = tab
        page.wait()
    assert silent(of(content)) == []
    page.close()


@pytest.mark.reference
@pytest.mark.parametrize("kind", ["course-1d", "ensemble", "stations", "observed-field"])
def test_analysis_of_real_data(real_data, kind):
    page = AnalysisPage(Catalogue(real_data), kind=kind)
    page.wait()
    assert silent(page.content().sidebar) == []
    page.close()


@pytest.mark.parametrize("testbed", TESTBEDS)
def test_cycling_with_all_methods(testbed):
    state = CyclingState(begin=False)
    controls = CyclingControls(state)
    state.testbed = testbed
    state.methods = [section_state(KINDS[name]) for group in METHODS.values() for name in group]
    assert silent(controls.content()) == []


def test_cycling_on_all_tabs():
    page = CyclingPage()
    content = page.content()
    for tab in range(len(CYCLING_VIEWS)):
        page.tabs.active = tab
    assert silent(of(content)) == []
    page.close()


def chosen_in_turn(form: FormState) -> Iterator[None]:
    """Choose every kind of every section in turn."""
    for key, offer in form.offers.items():
        for name, inner in offer.items():
            setattr(form.chosen, key, name)
            yield
            yield from chosen_in_turn(inner)
    for part in form.parts.values():
        yield from chosen_in_turn(part)


@pytest.mark.parametrize("task", TASKS)
def test_training_of_all_tasks(tmp_path, task):
    state = TrainingState(tmp_path)
    controls = TrainingControls(state)
    state.task = task
    assert silent(controls.content()) == []
    for _ in chosen_in_turn(state.form):
        assert silent(controls.content()) == []


def test_training_on_all_tabs(view):
    content = view.content()
    for tab in range(len(TRAINING_VIEWS)):
        view.tabs.active = tab
    assert silent(of(content)) == []


def test_rollout_on_all_tabs_from_all_starts(tmp_path):
    page = RolloutPage(tmp_path)
    content = page.content()
    for tab in range(len(ROLLOUT_VIEWS)):
        page.tabs.active = tab
    for _ in chosen_in_turn(page.state.form):
        assert silent(of(content)) == []
    page.close()


def test_scenes():
    assert silent([ScenePanel(name, lambda *_: None, scene_address).pane for name in scenes()]) == []

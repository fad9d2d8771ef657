"""The Physics tab without a browser: spectra, and the budget of the tracer."""

from dataclasses import replace

import numpy as np
import pytest
from bokeh.models.annotations.labels import Title

from backends.experiments.rollout.tracer import budgets_of
from dashboard.rollout.page import PHYSICS
from tests.dashboard.rollout.pages import SMALL, WATER, run
from tests.dashboard.rollout.test_sensitivity import PLANE


def test_the_tracer_has_a_budget_and_other_states_have_none(page):
    page.state.take(PLANE)
    view = run(page)
    page.tabs.active = PHYSICS
    part = page.physics.budget
    part.wait()
    assert part.pane.visible
    expected = budgets_of(view)
    for term, figure in part.figures.items():
        np.testing.assert_allclose(figure._truth.data["value"], getattr(expected["truth"], term), rtol=1e-5, atol=1e-9)
        shown = figure._sources[0].data["value"]
        np.testing.assert_allclose(shown, getattr(expected["perfect model"], term), rtol=1e-5, atol=1e-9)
        assert np.isnan(figure._sources[1].data["value"]).all()  # climatology
    page.state.take(SMALL)
    run(page)
    assert not part.pane.visible


def test_spectra_name_their_field_and_unit_and_no_lead_twice(page):
    page.state.take(WATER)
    view = run(page)
    page.tabs.active = PHYSICS
    assert f"Of {view.layout.names[0]}, mean over starts and members" in page.physics._words.object
    figures = [spectra.figure for spectra in page.physics.spectra]
    titles = [next(title.text for title in figure.select({"type": Title}) if title.text) for figure in figures]
    assert titles == [f"lead {lead:.4g} {view.time_unit}" for lead in view.leads[1:]]
    assert {figure.yaxis[0].axis_label for figure in figures} == {"power [m²]"}


@pytest.mark.parametrize(("unit", "squared"), [("K", "K²"), ("m/s", "(m/s)²"), ("m s-1", "(m s-1)²"), ("", "")])
def test_units_are_squared_as_a_whole(page, unit, squared):
    page.state.take(SMALL)
    view = run(page)
    assert replace(view, layout=replace(view.layout, units=(unit,))).power_unit == squared

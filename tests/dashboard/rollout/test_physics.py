"""The Physics tab without a browser: the budget of the tracer."""

import numpy as np

from backends.experiments.rollout.tracer import budgets_of
from dashboard.rollout.page import PHYSICS
from tests.dashboard.rollout.pages import SMALL, run
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

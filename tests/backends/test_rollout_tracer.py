"""The budget of a rollout's tracer: against the forecasts themselves, and what the source releases by its constants."""

import math
from pathlib import Path

import numpy as np
import pytest

from backends.errors import InputError
from backends.experiments.rollout import tracer
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.rollout.tracer import budgets_of, has_tracer
from backends.experiments.rollout.view import RolloutView, view_of


def view(dynamics: dict, **changes: object) -> RolloutView:
    tree = {
        "kind": "rollout", "start": {"name": "testbed", "dynamics": dynamics},
        "steps": 140, "every": 20, "members": 3, "starts": 2,
        "models": [{"name": "perfect"}, {"name": "wrong", "model": {"w": -0.3}, "label": "sinks"}, {"name": "persistence"}],
    }  # fmt: skip
    prepared = prepare(RolloutSettings.model_validate({**tree, **changes}), Path())
    return view_of(prepared, prepared.run())


@pytest.fixture(scope="module")
def plane() -> RolloutView:
    return view({"name": "advection-diffusion", "nx": 26, "nz": 10})


def test_what_came_and_went_is_the_change_of_the_mass_that_forecasts_have(plane):
    budgets = budgets_of(plane)
    assert list(budgets) == ["truth", "perfect model", "sinks"]
    masses = {"truth": plane.result.quantities["mass"], **{f.label: f.quantities["mass"] for f in plane.result.forecasts}}
    for label, budget in budgets.items():
        mass = masses[label][0].numpy()
        np.testing.assert_allclose(budget.change, mass - mass[0], rtol=1e-8, atol=1e-8 * mass[0])
        np.testing.assert_allclose(budget.source - budget.loss - budget.outflow, budget.change, atol=1e-10 * mass[0])
        assert np.abs(budget.closure).max() < 1e-10 * mass[0]
        for term in (budget.source, budget.loss, budget.outflow):
            assert term[0] == 0
            assert (np.diff(term) >= 0).all()


def test_in_a_period_the_source_releases_what_its_constants_say(plane):
    """0.035 /s for 0.4 · 140 s, over a Gaussian of 90 m by 20 m that the bottom, 35 m below its centre, cuts off."""
    released = budgets_of(plane)["truth"].source[-1]
    upward = 20 * math.sqrt(math.pi / 2) * (1 + math.erf(35 / 20 / math.sqrt(2)))
    assert released == pytest.approx(0.035 * 56 * math.sqrt(2 * math.pi) * 90 * upward, rel=0.02)  # cells of 50 m by 36 m


def test_other_states_have_no_budget(plane, monkeypatch):
    lorenz = view({"name": "lorenz96", "points": 8}, models=[{"name": "perfect"}])
    assert has_tracer(plane)
    assert not has_tracer(lorenz)
    with pytest.raises(InputError, match="needs the tracer on the plane"):
        budgets_of(lorenz)
    monkeypatch.setattr(tracer, "MOST_STEPS", 100)
    with pytest.raises(InputError, match="steps: a budget is kept of at most 100; came 140"):
        budgets_of(plane)

"""Rollouts from states at hand: the analyses of a race, and given members."""

import math

import pytest
import torch

from backends.assimilation.methods.estimate import Estimate
from backends.cycling import climate
from backends.errors import InputError
from backends.experiments.cycling.race import Race, climate_of
from backends.experiments.rollout.given import _members, after_race, from_members
from backends.experiments.rollout.prepare import prepare
from backends.experiments.rollout.settings import RolloutSettings
from backends.experiments.run import settings_from
from tests.backends.experiments import NOWHERE

LORENZ = {"name": "lorenz96", "points": 12}


@pytest.fixture(scope="module", autouse=True)
def rough():
    """Rough climates, which are soon made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(climate, "SAMPLED", (50, 4))
        climate_of.cache_clear()
        yield
        climate_of.cache_clear()


def race(cycles: int, **keys: object) -> Race:
    methods = [{"name": "etkf", "members": 8, "inflation": 1.05}, {"name": "3dvar", "scale": 0.05}]
    made = Race(settings_from({"kind": "cycling", "dynamics": LORENZ, "methods": methods, "repeat": 3, "seed": 1, **keys}))
    for _ in range(cycles):
        made.step()
    return made


def asked(**keys: object) -> RolloutSettings:
    models = [{"name": "perfect"}, {"name": "persistence"}]
    return settings_from(
        {"kind": "rollout", "start": {"name": "testbed", "dynamics": LORENZ}, "models": models, "steps": 6, **keys}
    )


def test_forecasts_go_on_where_the_race_is():
    racing = race(40)
    prepared = after_race(racing, 0, asked())
    analysis = racing.cycling.newest.steps[0].analysis
    torch.testing.assert_close(prepared.ensemble, analysis.members)
    assert prepared.starts.steps.tolist() == [40] * 3
    result = prepared.run()
    error = (analysis.mean - racing.cycling.newest.truth).square().mean().sqrt()
    assert result.rmse(result["perfect model"]).value[0].item() == pytest.approx(float(error))
    for _ in range(6):  # the same truth
        racing.step()
    torch.testing.assert_close(result.truth[-1], racing.cycling.newest.truth[0].float())
    torch.testing.assert_close(prepared.ensemble, analysis.members)


def test_a_method_without_members_starts_with_its_analysis_and_the_spread_it_expects():
    racing = race(20)
    analysis = racing.cycling.newest.steps[1].analysis
    one = after_race(racing, 1, asked(members=1, perturbation={"name": "none"}))
    torch.testing.assert_close(one.ensemble[:, 0], analysis.mean)
    many = after_race(racing, 1, asked(members=4000)).ensemble
    torch.testing.assert_close(many.var(1), analysis.variance, rtol=0.12, atol=0)


def test_weighted_members_are_drawn_by_their_weights():
    X = torch.arange(4.0).reshape(1, 4, 1).expand(2, -1, -1).double()
    drawn = _members(
        Estimate(X.mean(1), None, X, torch.tensor([[0, 1, 0, 0], [0.5, 0, 0, 0.5]]).double()), 4, torch.Generator()
    )
    assert drawn[0].flatten().tolist() == [1.0] * 4
    assert set(drawn[1].flatten().tolist()) <= {0.0, 3.0}


def test_what_does_not_fit_the_race_is_told_in_one_sentence():
    with pytest.raises(InputError, match="no analysis yet; run a cycle first"):
        after_race(race(0), 0, asked())
    with pytest.raises(InputError, match="the testbed of the race, lorenz96, with its parameters"):
        after_race(race(1), 0, asked(start={"name": "testbed", "dynamics": {"name": "lorenz96"}}))
    with pytest.raises(InputError, match="precision must be that of the race, double; came single"):
        after_race(race(1), 0, asked(precision="single"))


def test_given_members_take_the_place_of_those_drawn():
    prepared = prepare(asked(starts=4), NOWHERE)
    members = prepared.starts.states[0] + torch.tensor([[0.1], [-0.1]]).double()
    given = from_members(prepared, members)
    result = given.run()
    assert (result.members, len(result.start_steps)) == (2, 1)
    assert result.rmse(result["persistence"]).value[0].item() == pytest.approx(0, abs=1e-12)
    assert bool(result.rmse(result["persistence"]).error.isnan().all())  # one start says nothing of the error
    with pytest.raises(InputError, match=r"12 components, \(N, n\); came shape \(2, 5\)"):
        from_members(prepared, torch.zeros(2, 5))
    with pytest.raises(InputError, match="finite"):
        from_members(prepared, torch.full((1, 12), math.nan))

"""Rollouts: what is run and recorded, what happens to a model that blows up, and worlds of testbeds."""

import math

import pytest
import torch

from backends.cycling.climate import climate
from backends.dynamics.advection import Advection
from backends.dynamics.lorenz96 import Lorenz96
from backends.errors import InputError
from backends.rollout.models import Climatology, FromDynamics, Persistence
from backends.rollout.rollout import perturbed, rollout
from backends.rollout.testbed import TestbedWorld
from tests.backends.rollouts import Doubling, FixedWorld


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def lorenz() -> TestbedWorld:
    model = Lorenz96(points=12)
    return TestbedWorld(model, climate(model, seeded()))


def test_scores_by_lead_are_those_on_paper():
    world = FixedWorld(3)
    starts = world.starts(4, 1, seeded())
    got = rollout(world, [Persistence(), Climatology(world), Doubling(1.5)], starts, starts.states[:, None], 6, 2, shown=1)
    assert got.leads.tolist() == [0, 1, 2, 3]
    persistence, usual, doubling = got.forecasts
    assert got.rmse(persistence).value.tolist() == pytest.approx([0, 2, 4, 6])
    assert got.bias(persistence).value.tolist() == pytest.approx([0, -2, -4, -6])
    # Climatology is −1 at every lead but the first, which is the start; the truth s + k.
    assert got.bias(usual).value.tolist() == pytest.approx([0, -4.5, -6.5, -8.5])
    errors = [[s * 1.5**k - (s + k) for s in range(4)] for k in (0, 2, 4, 6)]
    expected = [math.sqrt(sum(e * e for e in of) / 4) for of in errors]
    assert got.rmse(doubling).value.tolist() == pytest.approx(expected)
    assert got.skill(usual, persistence).value.tolist()[3] == pytest.approx(100 * (1 - math.sqrt(8.5**2 + 1.25) / 6))
    assert got.truth[:, 0].tolist() == [1, 3, 5, 7]
    assert doubling.frames[:, 0, 0].tolist() == pytest.approx([1.5**k for k in (0, 2, 4, 6)])


def test_a_model_that_blows_up_ends_and_the_others_go_on():
    world = FixedWorld(3)
    starts = world.starts(2, 1, seeded())
    told = []
    got = rollout(
        world, [Doubling(1e100), Persistence()], starts, starts.states[:, None], 5, report=lambda *at: told.append(at)
    )
    broken, persistence = got.forecasts
    assert broken.ended == "its states stop being finite by step 2"
    assert broken.finite_until == 1
    assert got.rmse(broken).value.isfinite().tolist() == [True, True, False, False, False, False]
    assert broken.frames[1:3, 0, 0].isfinite().tolist() == [True, False]
    assert persistence.ended == ""
    assert persistence.finite_until == 5
    assert bool(got.rmse(persistence).value.isfinite().all())
    assert told == [(k, 5) for k in range(6)]


def test_what_does_not_fit_is_refused():
    world = FixedWorld(3)
    starts = world.starts(2, 1, seeded())
    ensemble = starts.states[:, None]
    with pytest.raises(InputError, match=r"steps must be at least 1; came 0"):
        rollout(world, [Persistence()], starts, ensemble, 0)
    with pytest.raises(InputError, match=r"every .* divides steps, 5; came 2"):
        rollout(world, [Persistence()], starts, ensemble, 5, 2)
    with pytest.raises(InputError, match=r"big forecasts states of 7 components; those of the start have 3"):
        rollout(world, [Doubling(2, "big", 7)], starts, ensemble, 1)
    with pytest.raises(InputError, match=r"2 starts and 3 components, \(S, N, n\); came \(2, 1, 2\)"):
        rollout(world, [Persistence()], starts, ensemble[..., :2], 1)
    with pytest.raises(InputError, match="finite"):
        rollout(world, [Persistence()], starts, ensemble / 0, 1)
    with pytest.raises(InputError, match=r"number of a start, 0 to 1; came 2"):
        rollout(world, [Persistence()], starts, ensemble, 1, shown=2)


def test_the_perfect_model_from_the_truth_makes_no_error_whatever_its_step(lorenz):
    fine = FromDynamics(Lorenz96(points=12, dt=0.025), lorenz, "finer")
    starts = lorenz.starts(3, 1, seeded())
    got = rollout(lorenz, [FromDynamics(lorenz.dynamics, lorenz, "perfect"), fine], starts, starts.states[:, None], 10)
    assert got.rmse(got["perfect"]).value.tolist() == [0.0] * 11
    assert 0 < got.rmse(got["finer"]).value[-1] < 0.05  # truncation alone
    with pytest.raises(InputError, match=r"the step of odd, 0.03, must divide that of the truth, 0.05"):
        FromDynamics(Lorenz96(points=12, dt=0.03), lorenz, "odd")


def test_an_ensemble_of_the_perfect_model_is_reliable(lorenz):
    """The truth is one more member: spread is error, at the start and after the errors have grown eightfold."""
    starts = lorenz.starts(400, 1, seeded(1))
    drawn = seeded(2)
    ensemble = perturbed(starts.states, 8, lambda count: lorenz.perturbations(count, 1e-3, drawn))
    got = rollout(lorenz, [FromDynamics(lorenz.dynamics, lorenz, "perfect")], starts, ensemble, 40, 20)
    (model,) = got.forecasts
    rmse, spread = got.rmse(model), got.spread(model)
    assert rmse.value[-1] > 4 * rmse.value[0]
    for k in range(3):
        assert abs(rmse.value[k] - spread.value[k]) < 4 * rmse.error[k]


def test_a_wide_batch_is_the_same_as_one_by_one(lorenz):
    starts = lorenz.starts(3, 1, seeded(1))
    ensemble = perturbed(starts.states, 4, lambda count: lorenz.perturbations(count, 0.01, seeded(count)))
    model = FromDynamics(Lorenz96(points=12, forcing=7.0), lorenz, "wrong")
    together = rollout(lorenz, [model], starts, ensemble, 10).forecasts[0]
    state = ensemble[1, 2]
    for _ in range(10):
        state = model.dynamics.step(state)
    one = lorenz.at(starts.states[1:2], 20.0)
    alone = rollout(lorenz, [model], one, ensemble[1:2], 10).forecasts[0]
    torch.testing.assert_close(alone.frames[-1, 2], state.float(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(alone.numbers[:, 0], together.numbers[:, 1], rtol=1e-9, atol=1e-9)


def test_more_states_than_fit_into_the_caches_go_forward_as_few_do(lorenz, monkeypatch):
    starts = lorenz.starts(5, 1, seeded(1))
    ensemble = perturbed(starts.states, 3, lambda count: lorenz.perturbations(count, 0.01, seeded(count)))
    model = FromDynamics(lorenz.dynamics, lorenz, "perfect")
    at_once = model.advance(ensemble, starts, 0, 5)
    monkeypatch.setattr("backends.rollout.models.BLOCK", 50)  # four states of 12 points
    torch.testing.assert_close(model.advance(ensemble, starts, 0, 5), at_once, rtol=1e-12, atol=1e-12)


def test_given_starts_are_checked(lorenz):
    with pytest.raises(InputError, match=r"12 components, \(S, n\); came shape \(2, 5\)"):
        lorenz.at(torch.zeros(2, 5), 0.0)
    with pytest.raises(InputError, match="finite"):
        lorenz.at(torch.full((1, 12), math.inf), 0.0)
    with pytest.raises(InputError, match="at least one start; came 0"):
        lorenz.starts(0, 1, seeded())


def test_advection_keeps_mass_and_energy_and_a_wrong_speed_does_too():
    line = Advection(points=40)
    world = TestbedWorld(line, climate(line, seeded()))
    starts = world.starts(5, 1, seeded())
    got = rollout(
        world, [FromDynamics(Advection(points=40, speed=0.9), world, "slow")], starts, starts.states[:, None], 100, 10
    )
    slow = got["slow"]
    assert float(got.drift(slow, "mass").abs().max()) < 1e-12
    assert float(got.drift(slow, "energy").abs().max()) < 1e-12
    assert got.rmse(slow).value[-1] > 0.1
    # A shift changes no power: the spectra are those of the start at every lead, and add up to the variance.
    torch.testing.assert_close(slow.spectra, slow.spectra[:1].expand_as(slow.spectra))
    variance = (starts.states - starts.states.mean(-1, keepdim=True)).square().mean()
    assert float(got.spectra[0].sum()) == pytest.approx(float(variance))

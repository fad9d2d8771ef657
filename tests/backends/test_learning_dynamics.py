"""Learned dynamics: what holds whatever the weights, exact references, and that it learns."""

import math

import numpy as np
import pytest
import torch

from backends.dynamics.advection import Advection
from backends.dynamics.lorenz63 import Lorenz63
from backends.errors import InputError
from backends.learning.dynamics import lorenz63
from backends.learning.dynamics.advection import SHAPES, AdvectionEmulator, Bumps
from backends.learning.dynamics.archive import Archive, clock
from backends.learning.dynamics.field import FieldEmulator
from backends.learning.dynamics.lorenz63 import RightHandSide, valid_time
from backends.learning.dynamics.networks import FieldStep, LineStep, Tendency
from backends.learning.dynamics.rollout import BEYOND, rmse, rollout, rollout_loss
from backends.learning.dynamics.sindy import fit, lorenz63_coefficients
from backends.learning.gallery import from_json, to_json
from backends.learning.seeded import seeded
from backends.learning.trainer import Schedule, Trainer


def line_step(kind="conservative", seed=1):
    return seeded(lambda: LineStep(kind, 8, 2, 5), seed)


def emulator(kind="conservative", rollout_steps=1, noise=0.0):
    model = Advection(40, 1.0, 0.0125, waves=1)
    return AdvectionEmulator(line_step(kind), model, Bumps((0.06, 0.12)), 16, rollout_steps, noise)


def right_hand_side(monkeypatch, **options):
    monkeypatch.setattr(lorenz63, "POOL", (40, 10))
    monkeypatch.setattr(lorenz63, "FORECASTS", {"validate": (8, 1.0), "scores": (8, 2.0)})
    monkeypatch.setattr(lorenz63, "FREE", (8, 1.0, 2.0))
    return RightHandSide(lambda m, s, v: seeded(lambda: Tendency(m, s, v, 16, 2), 1), Lorenz63(), 32, **options)


def archive(forcings=1, times=60):
    """A wave that travels one point an hour, known exactly, and noise that does not matter."""
    t, y, x = np.meshgrid(np.arange(times), np.arange(6), np.arange(24), indexing="ij")
    wave = (280 + 5 * np.cos(2 * np.pi * (x - t) / 24) + 0.1 * y).astype(np.float32)
    noise = np.random.default_rng(1).normal(size=wave.shape).astype(np.float32)
    return Archive.of(wave, [noise] * forcings, [], "K", 1, trained=30, tested=32, extent=(0.0, 50.0, 23.0, 55.0))


def field_task(rollout_steps=1, patch=0, forced=False):
    data = archive()
    return FieldEmulator("field", seeded(lambda: FieldStep(2, 8), 1), data, 8, patch, rollout_steps, forced, (1, 3))


# What holds whatever the weights -------------------------------------------------------------------------------------


def test_untrained_fluxes_keep_the_mass_to_rounding_and_a_free_step_does_not():
    state = torch.stack([shape(100) for shape in SHAPES.values()])

    def gained(kind):
        network = line_step(kind)
        with torch.no_grad():
            # Small steps, as trained ones are: otherwise rounding grows with the state.
            network.layers[-1].weight.mul_(0.02)
            return (rollout(network, state, 1000).sum(-1) - state.sum(-1)).abs().max() / state.sum(-1).max()

    assert float(gained("conservative")) < 1e-12
    assert float(gained("free")) > 1e-3


@pytest.mark.parametrize("kind", ["conservative", "free"])
def test_a_step_on_the_line_follows_a_shift_of_the_line(kind):
    network, state = line_step(kind), torch.rand(3, 40, dtype=torch.float64)
    torch.testing.assert_close(network(state.roll(7, -1)), network(state).roll(7, -1), rtol=0, atol=1e-6)


def test_a_step_of_a_field_follows_a_shift_away_from_the_edges():
    network = seeded(lambda: FieldStep(3, 8), 1)
    field, forcing = torch.rand(1, 30, 40), torch.rand(1, 2, 30, 40)
    moved = network(field.roll((3, 5), (1, 2)), forcing.roll((3, 5), (2, 3)))
    # The network reaches 6 points far.
    torch.testing.assert_close(
        moved[:, 9:24, 11:34], network(field, forcing).roll((3, 5), (1, 2))[:, 9:24, 11:34], rtol=0, atol=1e-5
    )


def test_the_gradient_of_a_rollout_is_that_of_finite_differences_and_its_adjoint():
    network = line_step().double()
    x, dx = torch.rand(40, dtype=torch.float64), torch.randn(40, dtype=torch.float64)
    y = torch.randn(40, dtype=torch.float64)

    def last(u):
        return rollout(network, u, 4)[-1]

    _, tangent = torch.autograd.functional.jvp(last, x, dx)
    _, adjoint = torch.autograd.functional.vjp(last, x, y)
    torch.testing.assert_close(tangent @ y, dx @ adjoint, rtol=1e-10, atol=0)
    with torch.no_grad():
        torch.testing.assert_close((last(x + 1e-6 * dx) - last(x - 1e-6 * dx)) / 2e-6, tangent, rtol=1e-6, atol=1e-8)


def test_noise_is_carried_on_but_for_short_waves_which_are_damped():
    model = Advection(40, 1.0, 0.025, waves=1)  # a point each step

    def loss(step, noise, steps=1):
        task = AdvectionEmulator(line_step(), model, Bumps(), 4096, steps, noise)
        task.network.forward = step
        return float(task.loss(torch.Generator().manual_seed(1)).total), float(task._scale)

    kept = torch.exp(-36 * (torch.arange(21) / 20.0) ** 8)

    def damped(u):
        return torch.fft.irfft(kept * torch.fft.rfft(u.roll(1, -1)), n=40)

    def shifted(u):
        return u.roll(1, -1)

    assert loss(damped, 0.1)[0] < 1e-9
    assert loss(damped, 0.1, 5)[0] < 1e-9
    assert loss(shifted, 0.0)[0] < 1e-9
    # What damping takes from white noise of a standard deviation drawn between 0 and 0.1, over what errors are measured in.
    taken = float((torch.cat([1 - kept, 1 - kept[1:20]]) ** 2).mean())
    came, scale = loss(shifted, 0.1)
    sigma = 0.1 * torch.linspace(0, 1, 10_001, dtype=torch.float64)
    assert came == pytest.approx(taken * float((sigma**2 / (scale + sigma**2)).mean()), rel=0.02)


@pytest.mark.parametrize(("noise", "bounded"), [(0.1, True), (0.0, False)])
def test_noise_in_training_keeps_a_long_rollout_bounded(noise, bounded):
    task = emulator(noise=noise)
    trained(task, 300, 1e-2)
    scores = task.scores()
    assert (max(scores[f"rmse_{shape}_1000_network"] for shape in SHAPES) < 1) == bounded
    assert not bounded or scores["mass_error_1000_network"] < 1e-6


def test_a_rollout_loss_is_the_mean_over_its_steps_and_of_the_exact_step_zero():
    model = Advection(40, 1.0, 0.0125, waves=5)
    truth = model.trajectory(model.draw_start(3, torch.Generator().manual_seed(1)), 5)
    assert float(rollout_loss(model.step, truth)) < 1e-24
    assert float(rollout_loss(lambda u: u, truth)) == pytest.approx(float((truth[1:] - truth[0]).square().mean()))


def test_scores_of_what_leaves_all_bounds_are_numbers():
    assert rmse(torch.tensor([float("nan")])) == rmse(torch.tensor([float("inf")])) == BEYOND
    task = emulator("free")
    with torch.no_grad():
        for weight in task.network.parameters():
            weight.mul_(40)
    scores = task.scores()
    assert scores["rmse_sine_1000_network"] == scores["mass_error_1000_network"] == BEYOND
    assert all(math.isfinite(value) for value in scores.values())
    from_json(to_json(task.gallery()))


# Exact references ----------------------------------------------------------------------------------------------------


def test_sindy_finds_the_coefficients_of_lorenz63():
    model = Lorenz63()
    states = 20 * torch.randn(300, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = fit(states, model.tendency(states)).coefficients
    exact = lorenz63_coefficients(10.0, 28.0, 8 / 3)
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-10)
    assert torch.equal(found != 0, exact != 0)


def test_sindy_says_what_it_cannot_do():
    with pytest.raises(InputError, match=r"at least 7 pairs .* came 5"):
        fit(torch.ones(5, 3).double(), torch.ones(5, 3).double())
    with pytest.raises(InputError, match="cannot tell its terms apart"):
        fit(torch.ones(50, 3).double(), torch.ones(50, 3).double())


def test_the_valid_time_is_that_of_the_first_error_beyond_the_limit():
    errors = torch.tensor([[0.0, 0.0, 0.0], [0.3, 0.5, 0.1], [0.5, 0.1, 0.2]])
    assert valid_time(errors, 0.1).tolist() == pytest.approx([0.2, 0.1, 0.2])


def test_the_upwind_scheme_keeps_the_mass_and_is_exact_for_whole_points():
    task = AdvectionEmulator(line_step(), Advection(40, -1.0, 3 / 40, waves=1), Bumps(), 4)
    state = task._shapes()
    torch.testing.assert_close(task._upwind(state), task.model.step(state))
    assert emulator().validate()["mass_error_200_upwind"] < 1e-13


def test_an_archive_is_scaled_by_what_is_trained_with():
    data = archive()
    assert float(data.field[:30].mean()) == pytest.approx(0, abs=1e-5)
    assert float(data.field[:30].std()) == pytest.approx(1, abs=1e-3)
    assert data.forcing.shape == (60, 1, 6, 24)
    sine, cosine = clock(np.array([12.0]), np.array([0.0, 90.0]), 2)
    assert sine[0, 1].tolist() == pytest.approx([0, -1], abs=1e-6)
    assert cosine[0, 0].tolist() == pytest.approx([-1, 0], abs=1e-6)
    with pytest.raises(InputError, match="came 60 times, the first 59"):
        Archive.of(np.zeros((60, 2, 2)), [], [], "K", 1, 59, 59, (0.0, 0.0, 1.0, 1.0))
    with pytest.raises(InputError, match="without missing values"):
        Archive.of(np.full((60, 2, 2), np.nan), [], [], "K", 1, 30, 30, (0.0, 0.0, 1.0, 1.0))


def test_persistence_and_yesterday_are_those_of_the_wave():
    scores = field_task(forced=True).scores()
    assert set(scores) == {f"rmse_{h}h_{name}" for h in (1, 3) for name in ("forced_network", "persistence", "yesterday")}
    # 5 cos(a − h) − 5 cos(a) is a wave of amplitude 10 sin(h/2).
    for hours in (1, 3):
        expected = 10 * math.sin(math.pi * hours / 24) / math.sqrt(2)
        assert scores[f"rmse_{hours}h_persistence"] == pytest.approx(expected, rel=1e-3)
        assert scores[f"rmse_{hours}h_yesterday"] < 1e-4


# It learns -----------------------------------------------------------------------------------------------------------


def trained(task, iterations, rate=3e-3):
    trainer = Trainer(task, Schedule(rate, iterations), seed=1)
    losses = [trainer.step()["loss"] for _ in range(iterations)]
    return sum(losses[:5]) / 5, sum(losses[-5:]) / 5


@pytest.mark.parametrize("rollout_steps", [1, 3])
def test_an_emulator_of_advection_learns(rollout_steps):
    task = emulator(rollout_steps=rollout_steps)
    first, last = trained(task, 40)
    assert last < 0.3 * first
    scores = task.validate()
    assert scores["step_rmse_network"] < scores["step_rmse_persistence"]
    assert [panel.log for panel in task.gallery()] == [""] * len(SHAPES) + ["y", "y"]


@pytest.mark.parametrize(
    "options", [{}, {"sampling": "box"}, {"pairs": "step"}, {"pairs": "step", "rollout_steps": 4}], ids=str
)
def test_a_right_hand_side_learns(monkeypatch, options):
    task = right_hand_side(monkeypatch, **options)
    first, last = trained(task, 50, 1e-2)
    assert last < 0.8 * first
    if not options:
        scores = task.scores()
        assert scores["step_rmse_attractor_network"] < scores["step_rmse_attractor_persistence"]
        assert scores["valid_time_persistence"] <= scores["valid_time_network"] <= scores["valid_time_sindy"] == 2.0
        assert scores["coefficient_rmse_sindy"] < 1e-9
        assert len(task.gallery()) == 5


@pytest.mark.parametrize(("rollout_steps", "patch"), [(1, 0), (3, 6)])
def test_an_emulator_of_fields_learns(rollout_steps, patch):
    task = field_task(rollout_steps, patch)
    first, last = trained(task, 40, 1e-2)
    assert last < 0.5 * first
    scores = task.validate()
    assert scores["rmse_1h_network"] < scores["rmse_1h_persistence"]
    assert len(task.gallery()[0].maps) == 4

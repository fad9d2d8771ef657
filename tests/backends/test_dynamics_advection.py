"""Advection on the line: exact solutions, mass, starts; and what holds of advection on line and plane alike."""

import math

import pytest
import torch
from torch import Tensor

from backends.dynamics.advection import Advection
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.errors import InputError
from tests.backends.dynamics import generator, norm

MODELS = [Advection(), AdvectionDiffusion(nx=26, nz=10, dt=6.0)]


def sine(s: Tensor) -> Tensor:
    """Return a wave of wavenumbers 0, 1 and 7."""
    return 0.3 + torch.sin(2 * math.pi * s) + 0.5 * torch.cos(14 * math.pi * s + 1)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_shape_and_size_agree_and_a_batch_gives_what_its_states_give(model):
    assert math.prod(model.shape) == model.size == len(model.start())
    states = model.draw_start(6, generator()).reshape(2, 3, -1)
    for steps in (1, 7):
        batch = model.advance(states, steps, 30.0)
        assert batch.shape == states.shape
        torch.testing.assert_close(batch[1, 2], model.advance(states[1, 2], steps, 30.0), rtol=0, atol=1e-13)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_starts_are_reproducible_around_the_first_guess_and_as_far_from_it_as_announced(model):
    drawn = model.draw_start(1000, generator(1))
    assert torch.equal(drawn, model.draw_start(1000, generator(1)))
    assert not torch.equal(drawn, model.draw_start(1000, generator(2)))
    errors = drawn - model.start()
    assert norm(errors) == pytest.approx(model.start_sigma, rel=0.05)
    assert norm(errors.mean(0)) < 0.06 * model.start_sigma


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_the_model_is_its_own_tangent(model):
    x, y = model.draw_start(2, generator())
    step = model.advance(x, 3, 15.0)
    _, tangent = torch.func.jvp(lambda s: model.advance(s, 3, 15.0), (x,), (y - x,))
    torch.testing.assert_close(model.advance(y, 3, 15.0) - step, tangent, rtol=0, atol=1e-12)
    _, pull = torch.func.vjp(lambda s: model.advance(s, 3, 15.0), x)
    assert float(pull(x)[0] @ (y - x)) == pytest.approx(float(x @ tangent), rel=1e-11)


@pytest.mark.parametrize("kind", [Advection, AdvectionDiffusion])
def test_single_precision_is_kept_and_close(kind):
    single, double = kind(dtype=torch.float32), kind()
    x = single.draw_start(2, generator())
    assert x.dtype == torch.float32
    after = single.advance(x, 50, 20.0)
    assert after.dtype == torch.float32
    torch.testing.assert_close(after.double(), double.advance(x.double(), 50, 20.0), rtol=0, atol=2e-5)


# ---- the line ----


@pytest.mark.parametrize("points", [100, 101])
@pytest.mark.parametrize(("speed", "dt"), [(1.0, 0.01), (-0.37, 0.023), (2.5, 0.4)])
def test_waves_travel_without_change(points, speed, dt):
    model = Advection(points, speed, dt)
    s = torch.arange(points, dtype=torch.float64) / points
    states = model.trajectory(sine(s), 5)
    for k, state in enumerate(states):
        torch.testing.assert_close(state, sine(s - speed * k * dt), rtol=0, atol=1e-12)
    torch.testing.assert_close(model.advance(sine(s), 5), states[5], rtol=0, atol=1e-12)


def test_by_default_a_step_is_a_shift_by_one_point_of_any_state():
    model, x = Advection(), torch.rand(3, 100, generator=generator(), dtype=torch.float64)
    torch.testing.assert_close(model.step(x), x.roll(1, -1), rtol=0, atol=1e-14)
    state = x
    for _ in range(100):
        state = model.step(state)
    torch.testing.assert_close(state, x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("points", [100, 101])
def test_mass_is_kept_whatever_the_state_and_the_step(points):
    model, x = Advection(points, dt=0.0137), torch.rand(3, points, generator=generator(), dtype=torch.float64)
    torch.testing.assert_close(model.trajectory(x, 200)[-1].sum(-1), x.sum(-1), rtol=1e-13, atol=0)


def test_a_smooth_bump_converges_faster_than_any_power():
    # The spectrum of a Gaussian of width 0.05 falls like exp(−(2πk)² 0.05²/2): 3e-3, 7e-11 at half of 22 and of 44 points.
    def error(points: int) -> float:
        s = torch.arange(points, dtype=torch.float64) / points

        def bump(s: Tensor) -> Tensor:
            return sum((-0.5 * ((s - 0.5 - image) / 0.05).square()).exp() for image in range(-2, 3))

        return norm(Advection(points, dt=0.123).step(bump(s)) - bump(s - 0.123))

    assert error(22) > 1e-4
    assert error(44) < 1e-6 * error(22)


def test_a_jump_overshoots_between_points_and_stays_sharp_on_them():
    top_hat = torch.zeros(100, dtype=torch.float64)
    top_hat[30:60] = 1.0
    on, between = Advection(dt=0.01).step(top_hat), Advection(dt=0.015).step(top_hat)
    assert float(on.max()) < 1 + 1e-12
    assert 1.05 < float(between.max()) < 1.2


def test_starts_have_the_same_variance_everywhere_and_no_short_waves():
    model = Advection(waves=5, start_sigma=2.0)
    drawn = model.draw_start(4000, generator())
    assert (drawn.std(0) - 2).abs().max() < 0.15
    spectrum = torch.fft.rfft(drawn, norm="forward").abs().square().mean(0)
    assert spectrum[6:].max() < 1e-25
    # Variance σ²/6 for each of 0 to 5; half of what |x̂|² is in total of a wave belongs to −k.
    expected = torch.tensor([4 / 6] + 5 * [2 / 6], dtype=torch.float64)
    torch.testing.assert_close(spectrum[:6], expected, rtol=0.12, atol=0)


def test_distances_on_the_line_go_the_shorter_way():
    a, b = torch.tensor([0, 0, 10]), torch.tensor([99, 50, 30])
    assert Advection().distance(a, b).tolist() == pytest.approx([0.01, 0.5, 0.2])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Advection(points=3), "at least 4 points; came 3"),
        (lambda: Advection(points=10, waves=5), "between 0 and what 10 points resolve, 4; came 5"),
        (lambda: Advection(speed=math.inf), "speed of advection must be finite; came inf"),
        (lambda: Advection(dt=-1.0), "dt must be a positive number; came -1"),
        (lambda: AdvectionDiffusion(nz=3), "nz must be at least 4 cells; came 3"),
        (lambda: AdvectionDiffusion(diffusivity=0.0), "diffusivity must be a positive number; came 0"),
        (lambda: AdvectionDiffusion(w=math.nan), "the wind must be finite; came u = 2.6 and w = nan"),
        (lambda: AdvectionDiffusion(duty=1.2), "duty must be a part of the period, above 0 and at most 1; came 1.2"),
        (lambda: AdvectionDiffusion(sponge_base=1.0), "sponge_base must be a part of the height between 0 and 1; came 1"),
    ],
)
def test_bad_values_are_named(make, says):
    with pytest.raises(InputError, match=says):
        make()

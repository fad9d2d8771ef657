"""Advection on the line and advection and diffusion on the plane: exact solutions, budgets, boundaries, starts."""

import math

import pytest
import torch
from torch import Tensor

from backends.dynamics.advection import Advection
from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.budget import budget
from backends.dynamics.propagator import LONGEST
from backends.errors import InputError

MODELS = [Advection(), AdvectionDiffusion(nx=26, nz=10, dt=6.0)]
#: No source to speak of, hardly any decay, no sponge.
BARE = {"source_strength": 1e-300, "decay_time": 1e15, "sponge_time": 1e15}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sine(s: Tensor) -> Tensor:
    """Return a wave of wavenumbers 0, 1 and 7."""
    return 0.3 + torch.sin(2 * math.pi * s) + 0.5 * torch.cos(14 * math.pi * s + 1)


def norm(field: Tensor) -> float:
    return float(field.square().mean().sqrt())


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


# ---- the plane ----


def wave(model: AdvectionDiffusion, mx: int, mz: int, time: float = 0.0) -> Tensor:
    """Return a wave in x that the wind carries times a cosine in z, both decayed by diffusion."""
    kx, kz = 2 * math.pi * mx / (1000 * model.width), math.pi * mz / (1000 * model.height)
    x, z = 1000 * model.x, 1000 * model.z[:, None]
    decay = math.exp(-(model.diffusivity * (kx**2 + kz**2) + 1 / model.decay_time) * time)
    return (decay * torch.cos(kx * (x - model.u * time)) * torch.cos(kz * z)).flatten()


def puff(model: AdvectionDiffusion, x0: float, z0: float, time: float, radius: float = 40.0) -> Tensor:
    """Return the Gaussian that a puff of a radius (m), centred at x0, z0 (km) at time 0, has become far from walls."""
    variance = radius**2 + 2 * model.diffusivity * time
    x = 1000 * (model.x - x0) - model.u * time
    x = (x + 500 * model.width) % (1000 * model.width) - 500 * model.width
    z = 1000 * (model.z - z0)[:, None] - model.w * time
    return (radius**2 / variance * torch.exp(-(x**2 + z**2) / (2 * variance)) * math.exp(-time / model.decay_time)).flatten()


@pytest.mark.parametrize(("u", "order"), [(2.6, 3), (-2.6, 3), (0.0, 4)])
def test_waves_along_x_converge_with_the_third_power_of_the_cells_and_diffusion_with_the_fourth(u, order):
    def error(nx: int) -> float:
        model = AdvectionDiffusion(nx=nx, nz=4, u=u, w=0.0, dt=0.5, **BARE)
        return norm(model.advance(wave(model, 3, 0), 400) - wave(model, 3, 0, 200.0)) / norm(wave(model, 3, 0, 200.0))

    assert math.log2(error(32) / error(64)) == pytest.approx(order, abs=0.3)
    assert error(128) < 3e-3


def test_waves_along_z_converge_with_the_second_power_of_the_cells():
    def error(nz: int) -> float:
        model = AdvectionDiffusion(nx=4, nz=nz, u=0.0, w=0.0, dt=1.0, **{**BARE, "decay_time": 300.0})
        return norm(model.advance(wave(model, 0, 2), 200) - wave(model, 0, 2, 200.0)) / norm(wave(model, 0, 2, 200.0))

    assert math.log2(error(16) / error(32)) > 1.8
    assert error(32) < 0.01


def column(height: Tensor, w: float, K: float, rate: float, depth: float) -> Tensor:
    """Return the solution of w φ' = K φ'' + rate (1 − φ) with w φ = K φ' below, at height 0, and φ' = 0 above."""
    roots = [(w + sign * math.sqrt(w**2 + 4 * K * rate)) / (2 * K) for sign in (1, -1)]
    walls = torch.tensor([[w - K * r for r in roots], [r * math.exp(r * depth) for r in roots]], dtype=torch.float64)
    c = torch.linalg.solve(walls, torch.tensor([-w, 0.0], dtype=torch.float64))
    return 1 + c[0] * torch.exp(roots[0] * height) + c[1] * torch.exp(roots[1] * height)


@pytest.mark.parametrize("w", [0.55, -0.55, 2.0])
def test_walls_are_treated_to_second_order(w):
    def error(nz: int) -> float:
        model = AdvectionDiffusion(nx=4, nz=nz, u=0.0, w=w, decay_time=100.0, sponge_time=1e15, dt=1.2)
        model.source, model.source_strength, model.duty = torch.full(model.shape, 0.01, dtype=torch.float64), 1.0, 1.0
        # 25 decay times: e⁻²⁵ of the first state is left.
        steady = model.advance(torch.ones(model.size, dtype=torch.float64), 2083).unflatten(-1, model.shape)
        height = 1000 * model.z if w > 0 else 360 - 1000 * model.z
        return norm(steady[:, 0] - column(height, abs(w), 12.0, 0.01, 360.0))

    assert math.log2(error(12) / error(24)) > 1.9
    assert math.log2(error(24) / error(48)) > 1.9


@pytest.mark.parametrize(("u", "w"), [(2.6, 0.55), (-2.6, -0.55), (1.0, -1.5)])
def test_a_puff_far_from_the_walls_stays_a_gaussian_of_its_own(u, w):
    # The leading error, |u| Δx³ φ_xxxx / 12, is some 1e-3 here; the u Δx φ_xx / 2 of first-order upwind would be 0.2.
    model = AdvectionDiffusion(nx=80, width=0.8, nz=80, height=0.8, u=u, w=w, **{**BARE, "decay_time": 500.0})
    after = model.advance(puff(model, 0.605, 0.405, 0.0), 80)
    expected = puff(model, 0.605, 0.405, 80.0)
    assert norm(after - expected) / norm(expected) < 5e-3
    assert after.argmax() == expected.argmax() != puff(model, 0.605, 0.405, 0.0).argmax()


def test_errors_of_the_time_step_fall_with_its_fourth_power():
    def run(dt: float) -> Tensor:
        model = AdvectionDiffusion(nx=32, nz=16, duty=1.0, dt=dt)
        return model.advance(wave(model, 5, 3), round(96 / dt))

    exact, errors = run(0.25), []
    for dt in (4.0, 2.0, 1.0):
        errors.append(norm(run(dt) - exact))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.3)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("steps", [2, 37, 2 * LONGEST + 9])
def test_many_steps_at_once_are_what_they_are_one_by_one(steps):
    model = AdvectionDiffusion(nx=27, nz=11, dt=5.3)
    state = after = model.draw_start(2, generator())
    for k in range(steps):
        after = model.step(after, 33.0 + k * model.dt)
    torch.testing.assert_close(model.advance(state, steps, 33.0), after, rtol=0, atol=1e-13)


@pytest.mark.parametrize("w", [0.55, -0.55, 0.0])
def test_the_budget_closes(w):
    model = AdvectionDiffusion(nx=26, nz=10, w=w, dt=5.0)
    state = model.draw_start(3, generator()) + 0.3
    result = budget(model, state, 80, 10.0)
    assert result.content.shape == (81, 3)
    change = result.content - result.content[0]
    torch.testing.assert_close(
        change, result.source - result.loss - result.outflow, rtol=0, atol=1e-12 * float(result.content.max())
    )
    torch.testing.assert_close(result.state, model.advance(state, 80, 10.0), rtol=0, atol=1e-13)
    # Content by hand; nothing is hidden in a term that is always zero.
    assert result.content[-1].tolist() == pytest.approx((result.state.mean(-1) * 1300 * 360).tolist(), rel=1e-12)
    assert (result.loss[-1] > 1000).all()
    assert (result.outflow[-1] > 1000).all() if w else (result.outflow == 0).all()


def test_a_pulse_releases_what_it_should_wherever_the_steps_begin():
    model = AdvectionDiffusion(nx=26, nz=10, dt=3.0)
    # ∫S is 2π σ_x σ_z times the part of a Gaussian above −35/20 σ.
    part = 0.5 * (1 + math.erf(35 / 20 / math.sqrt(2)))
    expected = 0.035 * 0.4 * 140 * 2 * math.pi * 90 * 20 * part
    for began in (0.0, 1.7, 55.0, -33.3):
        released = budget(model, model.start(), 140, began).source[-1] / 3
        # 420 s are three periods. The part of a cell of 36 m below ground is not seen: 2 %.
        assert float(released) == pytest.approx(expected, rel=0.02)
        assert float(released) == pytest.approx(float(budget(model, model.start(), 140).source[-1]) / 3, rel=1e-12)


def test_the_amplitude_is_the_mean_over_a_step():
    model = AdvectionDiffusion(nx=20, nz=8, dt=10.0)
    assert model.amplitude(0.0) == pytest.approx(0.035)
    assert model.amplitude(46.0) == pytest.approx(0.035)
    assert model.amplitude(51.0) == pytest.approx(0.0175)
    assert model.amplitude(60.0) == 0
    assert model.amplitude(137.0) == pytest.approx(0.7 * 0.035)
    assert model.amplitude(-3.0) == pytest.approx(0.7 * 0.035)


def test_the_start_is_the_periodic_state():
    model = AdvectionDiffusion()
    start = model.start()
    later = model.advance(start, 140)
    torch.testing.assert_close(later, start, rtol=0, atol=1e-10)
    assert norm(model.advance(start, 70) - start) > 0.01
    result = budget(model, start, 140)
    assert float(result.source[-1]) == pytest.approx(float(result.loss[-1] + result.outflow[-1]), rel=1e-9)


def test_the_start_may_be_written_on():
    model = MODELS[1]
    model.start().zero_()
    assert float(model.start().max()) > 0.1


def test_a_steady_source_is_balanced_by_decay_and_by_what_the_wind_carries_out():
    # Without sponge λ ∫φ dx dz + w ∫φ(top) dx = A ∫S dx dz.
    model = AdvectionDiffusion(nx=26, nz=20, duty=1.0, dt=5.0, sponge_time=1e15)
    steady = model.start().unflatten(-1, model.shape)
    cell = model.dx * model.dz
    gone = cell * steady.sum() / 800 + 0.55 * model.dx * steady[-1].sum()
    assert float(gone) == pytest.approx(0.035 * cell * float(model.source.sum()), rel=1e-4)


def test_nothing_enters_from_outside():
    # A uniform field over clean air: after a while the rising wind has swept it away from the bottom, and only there.
    model = AdvectionDiffusion(u=0.0, diffusivity=1.0, **BARE)
    swept = model.advance(torch.ones(model.size, dtype=torch.float64), 200).unflatten(-1, model.shape)
    # Carried 110 m, mixed over √(2 · 200) = 20 m.
    assert swept[model.z < 0.03].abs().max() < 1e-3
    assert (swept[model.z > 0.2] - 1).abs().max() < 1e-3
    assert swept[model.z <= 0.11].max() < 0.55


def test_the_plane_is_the_same_at_all_x_but_for_the_source():
    model = AdvectionDiffusion(nx=26, nz=10, dt=6.0, **BARE)
    field = torch.rand(10, 26, generator=generator(), dtype=torch.float64)
    rolled = model.advance(field.roll(9, -1).flatten(), 20).unflatten(-1, model.shape)
    torch.testing.assert_close(rolled, model.advance(field.flatten(), 20).unflatten(-1, model.shape).roll(9, -1))


def test_the_source_has_no_seam():
    source = AdvectionDiffusion().source
    inside = (source[5].diff().abs()).max()
    assert (source[5, 0] - source[5, -1]).abs() <= inside
    iz, ix = divmod(int(source.argmax()), 130)
    assert (ix, iz) in {(11, 4), (12, 4)}


def test_the_sponge_damps_only_on_top():
    damping = AdvectionDiffusion().damping[:, 0]
    assert (damping[:40] == 1 / 800).all()
    assert (damping[40:].diff() > 0).all()
    assert float(damping[-1]) == pytest.approx(1 / 800 + (0.95**2) / 100, rel=1e-3)


def test_extremes_hardly_grow_although_no_limiter_forbids_it():
    # Smooth sources stay clean; of a jump the third-order flux makes over- and undershoots of some per cent.
    model = AdvectionDiffusion()
    empty = torch.zeros(model.size, dtype=torch.float64)
    assert min(float(model.advance(empty, steps).min()) for steps in (20, 60, 140, 300)) > -1e-8
    block = torch.zeros(model.shape, dtype=torch.float64)
    block[20:30, 40:80] = 1.0
    after = model.advance(block.flatten(), 5)
    assert -0.05 < float(after.min()) < -1e-6
    assert float(after.max()) < 1.05


def test_drawn_fields_are_positive_smooth_and_periodic():
    model = AdvectionDiffusion()
    drawn = model.draw_start(20, generator()).unflatten(-1, model.shape)
    assert float(drawn.min()) > 0
    ratio = (drawn / model.start().unflatten(-1, model.shape)).log()
    step = (ratio - ratio.roll(1, -1)).square().mean((0, 1)).sqrt()
    # Correlations of 100 m: neighbours at 10 m differ by a tenth of the standard deviation, across the seam too.
    assert (step / ratio.std() - 0.1).abs().max() < 0.04
    assert (drawn - drawn.roll(1, -1)).abs().max() < 0.2 * drawn.max()


def test_distances_on_the_plane():
    model = AdvectionDiffusion()
    a, b = torch.tensor([0, 0, 130 * 10 + 5, 3]), torch.tensor([129, 65, 130 * 15 + 5, 130 * 5 + 128])
    expected = [0.01, 0.65, 5 * 0.0072, math.hypot(0.05, 0.036)]
    assert model.distance(a, b).tolist() == pytest.approx(expected)
    places = torch.arange(0, 6500, 811)
    assert torch.equal(model.distance(places[:, None], places), model.distance(places, places[:, None]))


def test_a_step_that_is_too_long_is_refused_and_the_longest_one_does_not_grow():
    with pytest.raises(InputError, match=r"a step of 2 s is too long .* up to about 1\.2 s is stable"):
        AdvectionDiffusion(dt=2.0)
    model = AdvectionDiffusion(dt=1.15)
    noise = torch.randn(model.size, generator=generator(), dtype=torch.float64)
    assert norm(model.advance(noise, 2000)) < 1


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

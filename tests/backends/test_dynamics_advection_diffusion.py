"""Advection and diffusion on the plane: exact solutions, budgets, boundaries, the source, starts."""

import math

import pytest
import torch
from torch import Tensor

from backends.dynamics.advection_diffusion import AdvectionDiffusion
from backends.dynamics.budget import budget
from backends.dynamics.propagator import LONGEST
from backends.errors import InputError
from tests.backends.dynamics import generator, norm

#: No source to speak of, hardly any decay, no sponge.
BARE = {"source_strength": 1e-300, "decay_time": 1e15, "sponge_time": 1e15}


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
    model = AdvectionDiffusion(nx=26, nz=10, dt=6.0)
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

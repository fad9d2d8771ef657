"""Shallow water against steady states, linear waves, what it must conserve, and finite differences."""

import math

import pytest
import torch
from torch import Tensor

from backends.dynamics import shallow_water
from backends.dynamics.shallow_water import GRAVITY, HOUR, RADIUS, ROTATION, ShallowWater
from backends.errors import InputError
from tests.backends.dynamics import PURE, fields, generator, mean, places


@pytest.fixture(scope="module")
def model() -> ShallowWater:
    return ShallowWater(truncation=21)


def test_williamson_test_case_2_stays_steady():
    # Williamson et al. (1992), section 3.2 with α = 0: solid rotation u₀ cos φ in balance with
    # g h = g h₀ − (a Ω u₀ + ½ u₀²) sin² φ, u₀ = 2 π a / 12 days, g h₀ = 2.94e4 m²/s².
    speed = 2 * math.pi * RADIUS / (12 * 86400)
    dip = (RADIUS * ROTATION * speed + speed**2 / 2) / GRAVITY
    highest = 2.94e4 / GRAVITY
    model = ShallowWater(truncation=21, depth=highest - dip / 3, **PURE)
    phi, lam = places(model._here.harmonics)
    h = highest - dip * torch.sin(phi) ** 2 + 0 * lam
    u = speed * torch.cos(phi) + 0 * lam
    state = torch.stack([h, u, torch.zeros_like(u)]).flatten()
    later = model.advance(state, round(5 * 24 / model.dt))
    for name, now, then in zip("huv", fields(model, later), fields(model, state), strict=True):
        scale = {"h": float(dip), "u": speed, "v": speed}[name]
        assert float((now - then).abs().max()) < 1e-10 * scale


@pytest.mark.parametrize(("drag", "diffusion"), [(math.inf, math.inf), (30.0, 2.0)])
def test_gravity_waves_of_a_planet_at_rest_have_their_frequency_and_decay(monkeypatch, drag, diffusion):
    # Small waves of h: a standing wave cos(ω t) with ω² = g H n (n + 1) / a², damped at the rate of its wavenumber.
    monkeypatch.setattr(shallow_water, "ROTATION", 0.0)
    m, n, T, H = 3, 8, 10, 4000.0
    model = ShallowWater(truncation=T, jet=1e-12, depth=H, relaxation=math.inf, drag=drag, diffusion=diffusion)
    c = torch.zeros(3, T + 1, T + 2, dtype=torch.complex128)
    c[2, m, n] = 1e-3 + 0.5e-3j
    after = model._here.coefficients(model.advance(model._here.state(c), 9))
    time = 9 * model.dt
    omega = math.sqrt(GRAVITY * H * n * (n + 1)) / RADIUS * HOUR
    decay = math.exp(-time * (1 / drag + (n * (n + 1) / (T * (T + 1))) ** 4 / diffusion))
    expected = complex(c[2, m, n]) * math.cos(omega * time) * decay
    assert abs(math.cos(omega * time)) > 0.1
    assert abs(complex(after[2, m, n]) - expected) < 1e-7 * 1e-3
    # δ = −(∂h/∂t) / H
    slope = -complex(c[2, m, n]) * omega / HOUR * math.sin(omega * time) * decay
    assert abs(complex(after[1, m, n]) + slope / H) < 1e-6 * abs(slope / H)


def test_mass_is_conserved_to_rounding(model):
    state = model.draw_start(3, generator())
    state = state + 40 * torch.randn(state.shape, generator=generator(1), dtype=state.dtype)  # as a bad analysis would
    state = model.advance(state, 0)
    later = model.advance(state, 24)
    before, after = (mean(model, fields(model, x)[0]) for x in (state, later))
    torch.testing.assert_close(after, before, rtol=1e-14, atol=0)
    assert float((later - state).abs().max()) > 100


def test_energy_and_potential_enstrophy_are_conserved_to_the_order_of_the_scheme():
    errors = []
    for steps in (32, 64):
        model = ShallowWater(truncation=21, bump=0.0, jet=1e-9, start_sigma=10.0, dt=24 / steps, **PURE)
        state = model.draw_start(1, generator())[0]  # eddies without a jet are well resolved
        before, after = invariants(model, state), invariants(model, model.advance(state, steps))
        errors.append((after / before - 1).abs())
        assert float(errors[-1][0]) > 0.02  # kinetic energy has become potential energy
    assert float(errors[1][1:].max()) < 2e-6
    assert float((errors[0] / errors[1])[1:].min()) > 14


def invariants(model: ShallowWater, state: Tensor) -> Tensor:
    """Return means of kinetic energy, all energy, and potential enstrophy, of which the equations conserve the last two."""
    h, u, v = fields(model, state)
    phi, _ = places(model._here.harmonics)
    kinetic, potential = 0.5 * h * (u.square() + v.square()), 0.5 * GRAVITY * (h - model.depth).square()
    q = model.vorticity(state) + 2 * ROTATION * torch.sin(phi)
    return torch.stack([mean(model, x) for x in (kinetic, kinetic + potential, q.square() / h)])


def test_errors_of_a_step_shrink_with_its_fourth_power():
    settings = {"truncation": 15, "jet": 40.0, "bump": 0.0}
    state = ShallowWater(**settings).draw_start(1, generator())[0]

    def after(steps: int) -> Tensor:
        model = ShallowWater(dt=12 / steps, **settings)
        return model._here.split(model._here.coefficients(model.advance(state, steps)))

    exact = after(256)
    errors = [float((after(steps) - exact).norm() / exact.norm()) for steps in (8, 16, 32)]
    assert errors[1] < 1e-4
    assert math.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.5)


def test_the_zonal_mean_relaxes_in_its_time():
    model = ShallowWater(truncation=21, jet=1e-9, relaxation=30.0, diffusion=math.inf)
    sphere = model._here
    zeta = torch.zeros(22, 23, dtype=torch.complex128)
    zeta[0, 1], zeta[0, 3] = 3e-6, -2e-6
    state = sphere.state(torch.stack([zeta, torch.zeros_like(zeta), sphere.balanced_height(zeta)]))
    later = sphere.coefficients(model.advance(state, 16))[0]
    torch.testing.assert_close(later, zeta * math.exp(-12 / 30), rtol=0, atol=1e-3 * 3e-6)


def test_rolled_states_evolve_alike(model):
    state = model.draw_start(1, generator())[0]

    def rolled(x: Tensor) -> Tensor:
        return x.unflatten(-1, model.shape).roll(11, -1).flatten()

    torch.testing.assert_close(model.advance(rolled(state), 8), rolled(model.advance(state, 8)), rtol=0, atol=1e-8)


def test_what_lies_beyond_the_truncation_is_dropped(model):
    state = model.start()
    phi, lam = places(model._here.harmonics)
    extra = torch.zeros(model.shape, dtype=torch.float64)
    extra[0] = 50 * torch.cos(phi) ** 25 * torch.cos(25 * lam)
    torch.testing.assert_close(model.step(state + extra.flatten()), model.step(state), rtol=0, atol=1e-9)
    torch.testing.assert_close(model.advance(state, 0), state, rtol=0, atol=1e-9)


def test_tangents_agree_with_finite_differences_and_gradients_are_their_transpose():
    model = ShallowWater(truncation=8)
    x = model.draw_start(1, generator())[0]
    u, v = torch.randn(2, model.size, generator=generator(3), dtype=x.dtype)
    _, Mv = torch.func.jvp(lambda s: model.advance(s, 4), (x,), (v,))
    step = 1e-3
    difference = (model.advance(x + step * v, 4) - model.advance(x - step * v, 4)) / (2 * step)
    torch.testing.assert_close(Mv, difference, rtol=0, atol=1e-6 * float(Mv.abs().max()))
    _, pull = torch.func.vjp(lambda s: model.advance(s, 4), x)
    assert float(u @ Mv) == pytest.approx(float(pull(u)[0] @ v), rel=1e-10)


def test_batches_trajectories_and_precision():
    model = ShallowWater(truncation=10)
    states = model.draw_start(6, generator()).reshape(2, 3, -1)
    batch = model.advance(states, 4)
    torch.testing.assert_close(batch[1, 2], model.advance(states[1, 2], 4), rtol=0, atol=1e-9)
    torch.testing.assert_close(model.trajectory(states, 4)[4], batch, rtol=0, atol=1e-8)
    single = model.advance(states.float(), 4)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), batch, rtol=0, atol=0.05)
    assert ShallowWater(truncation=10, dtype=torch.float32).start().dtype == torch.float32


@pytest.mark.reference
def test_the_flow_stays_turbulent_and_bounded():
    # Diffusion as strong as at T42 would make T21 laminar.
    model = ShallowWater(truncation=21, dt=1.5, diffusion=12.0)
    state = model.advance(model.draw_start(2, generator()), 16 * 10)
    near = model.advance(state + 1e-3 * (model.draw_start(2, generator(1)) - model.start()), 16 * 5)
    state = model.advance(state, 16 * 5)
    apart = (near - state).norm()
    later, near = model.advance(state, 16 * 15), model.advance(near, 16 * 15)
    growth = float(((near - later).norm() / apart).log()) / 15
    assert 0.08 < growth < 0.5  # per day
    h, u, _ = fields(model, later)
    assert float(u.abs().max()) < 130
    assert float(h.min()) > 7000


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"truncation": 1}, "must be at least 2; came 1"),
        ({"dt": -1.0}, "dt must be a positive number; came -1"),
        ({"depth": 0.0}, "depth must be a positive number; came 0"),
        ({"drag": 0.0}, "drag must be a positive time in hours, or infinite for none; came 0"),
        ({"relaxation": math.nan}, "relaxation must be a positive time in hours, or infinite for none; came nan"),
    ],
)
def test_what_cannot_be_used_is_named(settings, words):
    with pytest.raises(InputError, match=words):
        ShallowWater(**settings).start()

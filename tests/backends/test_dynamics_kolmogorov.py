"""Kolmogorov flow: invariants, exact solutions, order of the scheme, dealiasing, tangents, and that it is turbulent."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.dynamics.exponential import ExponentialRungeKutta, phi
from backends.dynamics.kolmogorov import Kolmogorov
from backends.errors import InputError
from tests.backends.dynamics import generator

IDEAL = {"forcing": 0.0, "viscosity": 0.0, "drag": 0.0}


def coordinates(points: int) -> tuple[Tensor, Tensor]:
    """Return y (n, 1) and x (n,)."""
    axis = torch.arange(points, dtype=torch.float64) * (2 * math.pi / points)
    return axis[:, None], axis


def smooth(points: int, count: int = 1) -> Tensor:
    """Return fields without the waves that the model leaves out, standard deviation 3."""
    return 3 * Kolmogorov(points=points)._smooth(count, generator(2), torch.zeros((), dtype=torch.float64))


def energy(model: Kolmogorov, state: Tensor) -> Tensor:
    """Return mean kinetic energies."""
    u, v = model.velocity(state)
    return 0.5 * (u.square() + v.square()).mean(-1)


def products(state: Tensor, model: Kolmogorov) -> Tensor:
    """Return −u·∇ω from sums over all pairs of waves, as the convolution theorem has it, on the waves that are kept."""
    n, kept = model.points, model.kept
    spectrum = torch.fft.fft2(state.unflatten(-1, model.shape)) / n**2
    waves = [(i, j) for i in range(-kept, kept + 1) for j in range(-kept, kept + 1)]
    result = torch.zeros(n, n, dtype=torch.complex128)
    for ky, kx in waves:
        for qy, qx in waves:
            py, px = ky - qy, kx - qx
            if max(abs(py), abs(px)) > kept or (py, px) == (0, 0):
                continue
            # u·∇ω of ω̂(p) exp(i p x), with u = i (p_y, −p_x) ω̂(p) / p², and ∇ω = i q ω̂(q).
            speed = -(py * qx - px * qy) / (py**2 + px**2)
            result[ky, kx] -= speed * spectrum[py, px] * spectrum[qy, qx]
    return (torch.fft.ifft2(result) * n**2).real.flatten()


def test_velocity_is_free_of_divergence_and_has_the_vorticity():
    model = Kolmogorov(points=32)
    state = smooth(32)[0]
    # Derivatives by differentiating the sums of waves, in a way of their own.
    u, v = (torch.fft.fft2(w.unflatten(-1, model.shape)) for w in model.velocity(state))
    k = torch.fft.fftfreq(32, 1 / 32, dtype=torch.float64)
    curl = torch.fft.ifft2(1j * k * v - 1j * k[:, None] * u)
    divergence = torch.fft.ifft2(1j * k * u + 1j * k[:, None] * v)
    torch.testing.assert_close(curl.real.flatten(), state, rtol=0, atol=1e-12)
    assert float(divergence.abs().max()) < 1e-12


def test_advection_is_the_convolution_of_all_pairs_of_waves_without_aliasing():
    model = Kolmogorov(points=16, **IDEAL)
    state = torch.randn(256, generator=generator(), dtype=torch.float64)
    state = model.advance(state, 0)  # what is kept of white noise: its shortest waves are as strong as the others
    expected = products(state, model)
    torch.testing.assert_close(model.tendency(state), expected, rtol=0, atol=1e-12 * float(expected.abs().max()))


def test_a_product_that_aliasing_would_fold_back_is_left_out():
    # Waves 5 and 5 make 10, which on 16 points looks like −6; with 1/3 of the waves left out neither is kept.
    model = Kolmogorov(points=16, **IDEAL)
    y, x = coordinates(16)
    state = (torch.cos(5 * x + 5 * y) + torch.cos(5 * x - 4 * y)).flatten()
    tendency = torch.fft.rfft2(model.tendency(state).unflatten(0, (16, 16)))
    there = {(int(ky), int(kx)) for ky, kx in (tendency.abs() > 1e-9).nonzero()}
    assert there == set()  # the sum (10, 1) and the difference (0, 9) lie beyond the fifth wave


def test_inviscid_flow_keeps_energy_and_enstrophy_at_every_moment():
    model = Kolmogorov(points=32, **IDEAL)
    state = torch.randn(3, 1024, generator=generator(), dtype=torch.float64)
    state = model.advance(state, 0)
    tendency = model.tendency(state)
    u, v = model.velocity(state)
    du, dv = model.velocity(tendency)
    size = tendency.norm(dim=-1) * state.norm(dim=-1)
    assert float(((u * du + v * dv).sum(-1) / size).abs().max()) < 1e-14
    assert float(((state * tendency).sum(-1) / size).abs().max()) < 1e-14


def test_inviscid_flow_keeps_energy_and_enstrophy_to_the_order_of_the_scheme():
    state = smooth(32)[0]
    errors = []
    for steps in (50, 100):
        model = Kolmogorov(points=32, dt=1 / steps, **IDEAL)
        end = model.advance(state, steps)
        assert float((end - state).abs().max()) > 3  # it has moved
        errors.append(
            [
                abs(float(energy(model, end) / energy(model, state)) - 1),
                abs(float(end.square().mean() / state.square().mean()) - 1),
            ]
        )
    (energy_long, enstrophy_long), (energy_short, enstrophy_short) = errors
    assert energy_short < 1e-6
    assert enstrophy_short < 1e-5
    assert energy_long / energy_short > 14
    assert enstrophy_long / enstrophy_short > 14


@pytest.mark.parametrize("settings", [{}, IDEAL, {"viscosity": 0.5}], ids=["default", "ideal", "viscous"])
def test_errors_of_a_step_shrink_with_its_fourth_power(settings):
    state = smooth(32)[0]

    def after(steps: int) -> Tensor:
        return Kolmogorov(points=32, dt=0.64 / steps, **settings).advance(state, steps)

    exact = after(512)
    errors = [float((after(steps) - exact).norm() / exact.norm()) for steps in (16, 32, 64)]
    assert errors[2] < 1e-4
    assert math.log2(errors[1] / errors[2]) == pytest.approx(4, abs=0.35)


@pytest.mark.parametrize("wave", [1, 3])
def test_taylor_green_vortices_decay_as_they_should(wave):
    # Of one |k|, so that they do not move each other: ω = ω₀ exp(−(2 k² ν + α) t).
    model = Kolmogorov(points=32, forcing=0.0, viscosity=0.05, drag=0.2, dt=0.05)
    y, x = coordinates(32)
    state = (2 * torch.cos(wave * x) * torch.cos(wave * y)).flatten()
    decay = math.exp(-(2 * wave**2 * 0.05 + 0.2) * 2.0)
    torch.testing.assert_close(model.advance(state, 40), decay * state, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dt", [0.02, 0.5])
def test_the_laminar_flow_is_steady_whatever_the_step(dt):
    model = Kolmogorov(points=32, viscosity=0.3, dt=dt)
    y, _ = coordinates(32)
    u = model.forcing / (0.3 * 16 + 0.1) * torch.sin(4 * y)
    laminar = (-4 * model.forcing / (0.3 * 16 + 0.1) * torch.cos(4 * y)).expand(32, 32).flatten()
    torch.testing.assert_close(model.velocity(laminar)[0], u.expand(32, 32).flatten(), rtol=0, atol=1e-14)
    torch.testing.assert_close(model.advance(laminar, 20), laminar, rtol=0, atol=1e-13)


def test_energy_budget():
    model = Kolmogorov(points=32, viscosity=0.02)
    state = smooth(32, 4)
    u, v = model.velocity(state)
    y, _ = coordinates(32)
    work = (u.unflatten(-1, model.shape) * torch.sin(4 * y)).mean((-2, -1))
    # Of incompressible flow, dissipation is ν times the mean square of the vorticity.
    expected = work - 2 * 0.1 * energy(model, state) - 0.02 * state.square().mean(-1)
    du, dv = model.velocity(model.tendency(state))
    torch.testing.assert_close((u * du + v * dv).mean(-1), expected, rtol=0, atol=1e-12)


def test_a_flow_shifted_by_a_wavelength_of_the_forcing_and_along_x_evolves_alike():
    model = Kolmogorov(points=32)
    state = smooth(32)[0]
    shift = {"shifts": (8, 5), "dims": (-2, -1)}  # 32 / 4 points down, any number along

    def moved(x: Tensor) -> Tensor:
        return x.unflatten(-1, model.shape).roll(**shift).flatten(-2)

    torch.testing.assert_close(model.advance(moved(state), 10), moved(model.advance(state, 10)), rtol=0, atol=1e-11)
    across = model.advance(state.unflatten(-1, model.shape).roll(4, -2).flatten(), 10)
    assert float((across.unflatten(-1, model.shape).roll(-4, -2).flatten() - model.advance(state, 10)).abs().max()) > 0.1


def test_what_is_not_kept_is_dropped():
    model = Kolmogorov(points=32)
    y, x = coordinates(32)
    state = smooth(32)[0]
    extra = (1.0 + torch.cos(11 * x) + torch.cos(16 * y) + torch.sin(12 * x - 3 * y)).flatten()
    torch.testing.assert_close(model.step(state + extra), model.step(state), rtol=0, atol=1e-12)


@pytest.mark.reference
def test_the_flow_is_turbulent_and_steady_in_the_mean():
    model = Kolmogorov(points=32, viscosity=0.012)  # the least that this grid resolves
    state = model.advance(model.draw_start(8, generator()), model.transient)
    first = energy(model, state).mean()
    near = state + 1e-6 * torch.randn(state.shape, generator=generator(1), dtype=state.dtype)
    apart = (near - state).norm()
    later, near = model.advance(state, 500), model.advance(near, 500)
    growth = float(((near - later).norm() / apart).log() / (500 * model.dt))
    assert 0.1 < growth < 1.5
    assert 0.5 < float(energy(model, later).mean() / first) < 2
    # Different trajectories have become different flows.
    deviations = later - later.mean(0)
    assert float(deviations.square().mean() / later.square().mean()) > 0.6


def test_tangents_agree_with_finite_differences_and_gradients_are_their_transpose():
    model = Kolmogorov(points=16, viscosity=0.02)
    x = smooth(16)[0]
    u, v = torch.randn(2, model.size, generator=generator(3), dtype=x.dtype)
    _, Mv = torch.func.jvp(lambda s: model.advance(s, 10), (x,), (v,))
    h = 1e-5
    difference = (model.advance(x + h * v, 10) - model.advance(x - h * v, 10)) / (2 * h)
    torch.testing.assert_close(Mv, difference, rtol=0, atol=1e-8 * float(Mv.abs().max()))
    _, pull = torch.func.vjp(lambda s: model.advance(s, 10), x)
    assert float(u @ Mv) == pytest.approx(float(pull(u)[0] @ v), rel=1e-12)


def test_batches_trajectories_and_precision():
    model = Kolmogorov(points=16)
    states = smooth(16, 6).reshape(2, 3, -1)
    batch = model.advance(states, 4)
    torch.testing.assert_close(batch[1, 2], model.advance(states[1, 2], 4), rtol=0, atol=1e-13)
    torch.testing.assert_close(model.trajectory(states, 4)[4], batch, rtol=0, atol=1e-12)
    single = model.advance(states.float(), 4)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), batch, rtol=0, atol=1e-4)


def test_starts_are_reproducible_smooth_and_as_far_from_the_first_guess_as_announced():
    model = Kolmogorov(points=32)
    drawn = model.draw_start(400, generator(1))
    assert torch.equal(drawn, model.draw_start(400, generator(1)))
    assert not torch.equal(drawn, model.draw_start(400, generator(2)))
    assert torch.equal(model.start(), Kolmogorov(points=32).start())
    errors = drawn - model.start()
    # About 30 independent waves in each of 400 draws.
    assert float(errors.square().mean().sqrt()) == pytest.approx(model.start_sigma, rel=5 / math.sqrt(2 * 400 * 30))
    at_each_point = errors.square().mean(0).sqrt()
    assert float((at_each_point / model.start_sigma - 1).abs().max()) < 5 / math.sqrt(2 * 400)
    neighbours = errors.unflatten(-1, model.shape)
    correlation = float((neighbours * neighbours.roll(1, -1)).mean() / errors.square().mean())
    assert correlation > 0.7
    assert float(errors.mean(-1).abs().max()) < 1e-14


def test_distances_are_those_to_the_nearest_image():
    model = Kolmogorov(points=14)
    a, b = torch.arange(model.size)[:, None], torch.arange(model.size)
    y, x = coordinates(14)
    place = torch.stack(torch.broadcast_tensors(y, x), -1).flatten(0, 1) * (14 / (2 * math.pi))
    images = [place + 14 * torch.tensor([i, j]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    expected = torch.stack([torch.cdist(place, image) for image in images]).amin(0)
    torch.testing.assert_close(model.distance(a, b), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"points": 33}, "even number of points, at least 8; came 33"),
        ({"points": 6}, "even number of points, at least 8; came 6"),
        ({"points": 16, "wavenumber": 6}, "between 1 and 5; came 6"),
        ({"dt": 0.0}, "dt must be a positive number; came 0"),
        ({"viscosity": -1.0}, "viscosity must be zero or a positive number; came -1"),
        ({"drag": math.nan}, "drag must be zero or a positive number; came nan"),
    ],
)
def test_what_cannot_be_used_is_named(settings, words):
    with pytest.raises(InputError, match=words):
        Kolmogorov(**settings)


# The scheme itself ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [0.0, 1e-8, -0.3 + 0.4j, 0.9999j, 1.0001j, -2.0, 7.5j, -300.0])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_phi_is_its_integral(order, z):
    # φ_k(z) = ∫₀¹ exp((1 − θ) z) θ^(k−1) / (k − 1)! dθ, by Gauss–Legendre quadrature on 64 pieces.
    node, weight = np.polynomial.legendre.leggauss(12)
    theta = ((np.arange(64)[:, None] + (node + 1) / 2) / 64).flatten()
    integrand = np.exp((1 - theta) * z) * theta ** (order - 1) / math.factorial(order - 1)
    expected = complex((integrand * np.tile(weight / 128, 64)).sum())
    actual = complex(phi(order, torch.tensor([z], dtype=torch.complex128)))
    assert abs(actual - expected) < 1e-14


def test_exponential_steps_are_exact_for_a_linear_equation_and_of_fourth_order_otherwise():
    rates = torch.tensor([-1000.0, -1.0, 0.0], dtype=torch.float64)
    start = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    linear = ExponentialRungeKutta(rates, 0.3).step(torch.zeros_like, start)
    torch.testing.assert_close(linear, start * torch.exp(0.3 * rates), rtol=1e-14, atol=0)
    # The logistic equation x' = x − x² has a solution in closed form.
    rates = torch.tensor([1.0], dtype=torch.float64)

    def error(steps: int) -> float:
        scheme, x = ExponentialRungeKutta(rates, 2.0 / steps), torch.tensor([0.1], dtype=torch.float64)
        for _ in range(steps):
            x = scheme.step(lambda y: -y.square(), x)
        return abs(float(x) - 1 / (1 + 9 * math.exp(-2.0)))

    assert math.log2(error(20) / error(40)) == pytest.approx(4, abs=0.2)

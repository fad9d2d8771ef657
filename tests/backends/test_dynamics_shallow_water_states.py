"""States of shallow water: jets and bumps of the paper, draws in balance, vorticity, distances, the energy norm."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.dynamics.shallow_water import GRAVITY, HOUR, RADIUS, ROTATION, ShallowWater
from backends.geometry.sphere import Points, great_circle_distance
from tests.backends.dynamics import PURE, fields, generator, mean, places


@pytest.fixture(scope="module")
def model() -> ShallowWater:
    return ShallowWater(truncation=21)


def test_the_jet_is_that_of_the_paper():
    # Galewsky et al. (2004), equations 2 and 3: u(φ), and g h = g h₀ − ∫ a u (f + tan φ u / a) dφ, mean depth 10 km.
    model = ShallowWater(truncation=85, southern=False)
    h, u, v = fields(model, model.balanced_jet())
    south, north = math.pi / 7, math.pi / 2 - math.pi / 7
    grid = np.linspace(-math.pi / 2, math.pi / 2, 200_001)
    inside = (grid > south) & (grid < north)
    product = np.where(inside, (grid - south) * (grid - north), -1.0)
    wind = np.where(inside, 80 / math.exp(-4 / (north - south) ** 2) * np.exp(1 / product), 0.0)
    slope = wind * (2 * ROTATION * np.sin(grid) * RADIUS + np.tan(grid) * wind) / GRAVITY
    height = -np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2 * np.diff(grid))])
    height += 10_000 - (height * np.cos(grid)).sum() / np.cos(grid).sum()
    phi = np.radians(model.latitudes.numpy())
    assert float(v.abs().max()) < 1e-10
    assert float((u - u[:, :1]).abs().max()) < 1e-10
    assert float(u.max()) == pytest.approx(80, abs=1)  # between two rows
    # The paper needs T170 and more; T85 has the profile to half a metre per second.
    np.testing.assert_allclose(u[:, 0], np.interp(phi, grid, wind), rtol=0, atol=0.5)
    np.testing.assert_allclose(h[:, 0], np.interp(phi, grid, height), rtol=0, atol=1.0)


@pytest.mark.reference
@pytest.mark.parametrize("settings", [PURE, {"diffusion": math.inf}], ids=["pure", "relaxed"])
def test_the_jet_alone_stays_balanced(settings):
    model = ShallowWater(truncation=42, **settings)
    jet = model.balanced_jet()
    assert float((model.advance(jet, 96) - jet).abs().max()) < 1e-7  # three days, metres and metres per second


def test_two_jets_mirror_each_other_and_one_leaves_the_south_at_rest():
    both, one = ShallowWater(truncation=21), ShallowWater(truncation=21, southern=False)
    h, u, _ = fields(both, both.balanced_jet())
    torch.testing.assert_close(h.flip(-2), h, rtol=0, atol=1e-8)
    torch.testing.assert_close(u.flip(-2), u, rtol=0, atol=1e-10)
    _, u, _ = fields(one, one.balanced_jet())
    assert float(u[16:].max()) > 60
    assert float(u[:16].abs().max()) < 4  # what the truncation makes of a jet that is narrow for it
    # The bumps are opposite each other, in longitude too.
    bump = fields(both, both.start() - both.balanced_jet())[0]
    torch.testing.assert_close(bump.flip(-2).roll(32, -1), bump, rtol=0, atol=1e-9)
    row, column = divmod(int(bump[16:].argmax()), 64)
    assert column == 0
    assert float(both.latitudes[16 + row]) == pytest.approx(45, abs=6)
    assert fields(one, one.start() - one.balanced_jet())[0][:16].abs().max() < 10


def test_the_bump_is_that_of_the_paper():
    # Galewsky et al. (2004), equation 4: 120 m cos φ exp(−(3 λ)²) exp(−(15 (π/4 − φ))²).
    model = ShallowWater(truncation=85, southern=False)
    h, u, v = fields(model, model.start() - model.balanced_jet())
    phi, lam = places(model._here.harmonics)
    east = torch.where(lam > math.pi, lam - 2 * math.pi, lam)
    expected = 120 * torch.cos(phi) * torch.exp(-((3 * east) ** 2)) * torch.exp(-((15 * (math.pi / 4 - phi)) ** 2))
    torch.testing.assert_close(h, expected, rtol=0, atol=0.1)
    assert float(u.abs().max()) == float(v.abs().max()) == 0


@pytest.mark.reference
def test_the_bump_makes_the_jet_unstable():
    model = ShallowWater(truncation=42, southern=False, relaxation=math.inf, drag=math.inf)
    eddies = []
    state = model.start()
    for days in (1, 4, 1):
        state = model.advance(state, round(24 * days / model.dt))
        eddies.append(float(mean(model, fields(model, state)[2].square())))
    assert eddies[1] > 20 * eddies[0]
    # By day six vorticity has rolled up: eddies are among the fastest winds, and the jet's highest wind is still there.
    assert float(fields(model, state)[2].abs().max()) > 20
    assert float(fields(model, state)[1].max()) < 120


def test_vorticity_of_solid_rotation(model):
    phi, lam = places(model._here.harmonics)
    u = 30 * torch.cos(phi) + 0 * lam
    state = torch.stack([torch.full_like(u, 9000.0), u, torch.zeros_like(u)]).flatten()
    expected = 60 / RADIUS * torch.sin(phi) + 0 * lam
    torch.testing.assert_close(model.vorticity(state), expected, rtol=0, atol=1e-12 * 60 / RADIUS)


def test_starts_are_reproducible_balanced_and_as_far_from_the_first_guess_as_announced(model):
    drawn = model.draw_start(200, generator(1))
    assert torch.equal(drawn, model.draw_start(200, generator(1)))
    assert not torch.equal(drawn, model.draw_start(200, generator(2)))
    h, u, v = fields(model, drawn - model.start())
    # About 2 Σ (2 n + 1) up to n = 6 independent waves in each draw.
    for wind in (u, v):
        assert float(mean(model, wind.square()).mean().sqrt()) == pytest.approx(2.0, rel=5 / math.sqrt(2 * 200 * 45))
    # The same in all places: winds of the tropics as of 60 degrees, for both components.
    spread = torch.stack([u, v]).square().mean((1, 3)).sqrt()
    assert float((spread[:, 3:-3] / 2 - 1).abs().max()) < 0.1
    assert float(mean(model, h).abs().max()) < 1e-8
    assert 20 < float(mean(model, h.square()).mean().sqrt()) < 100


def test_perturbed_winds_are_balanced_by_their_height():
    model = ShallowWater(truncation=21, bump=0.0, **PURE)
    state = model.draw_start(1, generator())[0]
    wrong = state.clone().unflatten(0, model.shape)
    wrong[0] = fields(model, model.balanced_jet())[0]  # the height of the jet alone
    sphere = model._here

    def gravity_waves(x: Tensor) -> float:
        """Return the rate at which divergence begins to grow, 1/s², from a step so short that it is one."""
        short = ShallowWater(truncation=21, bump=0.0, dt=1e-4, **PURE)
        return float((sphere.coefficients(short.step(x)) - sphere.coefficients(x))[1].norm()) / (1e-4 * HOUR)

    assert gravity_waves(state) < 1e-3 * gravity_waves(wrong.flatten())


def test_distances_are_great_circles_whatever_the_field(model):
    harmonics = model._here.harmonics
    latitude, longitude = torch.meshgrid(harmonics.latitude, harmonics.longitude, indexing="ij")
    nodes = Points(latitude.flatten().repeat(3), longitude.flatten().repeat(3))
    a = torch.randint(model.size, (50,), generator=generator())
    b = torch.randint(model.size, (60,), generator=generator(1))
    expected = great_circle_distance(nodes[a], nodes[b])
    torch.testing.assert_close(model.distance(a[:, None], b), expected, rtol=0, atol=1e-6)
    assert float(model.distance(torch.tensor(7), torch.tensor(7 + 2 * 32 * 64))) == 0


def test_the_norm_measures_energy(model):
    norm = model.norm()
    assert float(norm.area.sum()) == pytest.approx(1, rel=1e-13)
    error = model.draw_start(1, generator())[0] - model.start()
    h, u, v = fields(model, error)
    energy = mean(model, 0.5 * (u.square() + v.square()) + 0.5 * GRAVITY / model.depth * h.square())
    measured = (norm.area * (norm.scale * error).square()).sum()
    assert float(measured) == pytest.approx(2 / 3 * float(energy), rel=1e-12)

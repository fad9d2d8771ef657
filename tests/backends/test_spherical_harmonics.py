"""Spherical harmonics against closed forms, exact quadrature, and products on a finer grid."""

import math

import numpy as np
import pytest
import torch

from backends.dynamics.shallow_water import ShallowWater
from backends.dynamics.spherical_harmonics import SphericalHarmonics, gaussian_latitudes, grid_shape, legendre
from tests.backends.dynamics import PURE, coefficients, generator, places

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def harmonics() -> SphericalHarmonics:
    return SphericalHarmonics(21, CPU, torch.float64)


def test_legendre_functions_are_their_closed_forms():
    mu = np.linspace(-0.99, 0.99, 7)
    cosine = np.sqrt(1 - mu**2)
    P = legendre(3, 4, mu)
    expected = {
        (0, 0): np.ones(7),
        (0, 1): math.sqrt(3) * mu,
        (1, 1): math.sqrt(3 / 2) * cosine,
        (0, 2): math.sqrt(5) / 2 * (3 * mu**2 - 1),
        (1, 2): math.sqrt(15 / 2) * mu * cosine,
        (2, 2): math.sqrt(15 / 8) * cosine**2,
        (0, 3): math.sqrt(7) / 2 * (5 * mu**3 - 3 * mu),
        (3, 3): math.sqrt(35 / 16) * cosine**3,
    }
    for (m, n), values in expected.items():
        np.testing.assert_allclose(P[m, n], values, rtol=0, atol=1e-14)
    assert not P[2, 1].any()


@pytest.mark.parametrize(("truncation", "tolerance"), [(21, 1e-14), (85, 4e-14)])
def test_legendre_functions_are_orthonormal_under_the_quadrature(truncation, tolerance):
    mu, weight = gaussian_latitudes(grid_shape(truncation)[0])
    P = legendre(truncation, truncation + 1, mu)
    for m in (0, 1, truncation // 2, truncation):
        product = (P[m, m:] * weight) @ P[m, m:].T
        assert np.abs(product - np.eye(len(product))).max() < tolerance


def test_gaussian_quadrature_is_exact_for_polynomials():
    mu, weight = gaussian_latitudes(32)
    assert (np.diff(mu) > 0).all()
    for power in (0, 1, 2, 31, 62, 63):
        assert (weight * mu**power).sum() == pytest.approx((1 + (-1) ** power) / (2 * (power + 1)), abs=1e-15)


@pytest.mark.parametrize(("truncation", "shape"), [(21, (32, 64)), (42, (64, 128)), (85, (128, 256)), (10, (16, 32))])
def test_grids_are_the_usual_ones(truncation, shape):
    assert grid_shape(truncation) == shape


@pytest.mark.parametrize("truncation", [10, 21, 42])
def test_what_has_been_synthesised_is_analysed_exactly(truncation):
    harmonics = SphericalHarmonics(truncation, CPU, torch.float64)
    c = coefficients(harmonics)
    field = harmonics.synthesise(c)
    assert field.shape == (3, *grid_shape(truncation))
    torch.testing.assert_close(harmonics.analyse(field), c, rtol=0, atol=1e-13)
    # P is normalised to a mean square of one, and each m > 0 stands for −m too.
    power = c.abs().square().sum(-1)
    expected = power[:, 0] + 2 * power[:, 1:].sum(-1)
    torch.testing.assert_close((field.square().mean(-1) * harmonics.weight).sum(-1), expected, rtol=1e-13, atol=0)


def test_white_noise_is_projected_on_the_triangle(harmonics):
    noise = torch.randn(32, 64, generator=generator(), dtype=torch.float64)
    c = harmonics.analyse(noise)
    assert not c[~harmonics.keep].any()
    torch.testing.assert_close(harmonics.analyse(harmonics.synthesise(c)), c, rtol=0, atol=1e-14)
    assert float(c[0, 0].real) == pytest.approx(float((noise.mean(-1) * harmonics.weight).sum()), abs=1e-15)


def test_known_harmonics(harmonics):
    phi, lam = places(harmonics)
    cases = [
        (5.0 * torch.ones_like(phi + lam), (0, 0), 5.0),
        (torch.sin(phi) + 0 * lam, (0, 1), 1 / math.sqrt(3)),
        (torch.cos(phi) * torch.cos(lam), (1, 1), 0.5 / math.sqrt(3 / 2)),
        (torch.cos(phi) * torch.sin(lam), (1, 1), -0.5j / math.sqrt(3 / 2)),
        (torch.cos(phi) ** 2 * torch.cos(2 * (lam - 0.3)), (2, 2), 0.5 * np.exp(-0.6j) / math.sqrt(15 / 8)),
    ]
    for field, (m, n), value in cases:
        expected = torch.zeros(22, 23, dtype=torch.complex128)
        expected[m, n] = value
        torch.testing.assert_close(harmonics.analyse(field), expected, rtol=0, atol=1e-14)


def test_winds_of_a_stream_function_and_of_a_potential_are_their_derivatives(harmonics):
    phi, lam = places(harmonics)
    sine, cosine = torch.sin(phi), torch.cos(phi)
    f = cosine**2 * torch.cos(2 * lam)  # ∇² f = −6 f on the unit sphere
    along, up = -2 * cosine * torch.sin(2 * lam), -2 * cosine * sine * torch.cos(2 * lam)
    laplacian, nothing = harmonics.analyse(-6 * f), torch.zeros(22, 23, dtype=torch.complex128)
    for vorticity, divergence, u, v in [(laplacian, nothing, -up, along), (nothing, laplacian, along, up)]:
        U, V = harmonics.wind(vorticity, divergence)
        torch.testing.assert_close(harmonics.synthesise(U), u * cosine, rtol=0, atol=1e-14)
        torch.testing.assert_close(harmonics.synthesise(V), v * cosine, rtol=0, atol=1e-14)
    # Solid rotation: u = cos φ has the vorticity 2 sin φ.
    U, V = harmonics.wind(harmonics.analyse(2 * sine + 0 * lam), nothing)
    torch.testing.assert_close(harmonics.synthesise(U), cosine**2 + 0 * lam, rtol=0, atol=1e-14)
    assert float(V.abs().max()) < 1e-15


def test_curl_and_divergence_give_back_what_a_wind_was_made_of(harmonics):
    vorticity, divergence = coefficients(harmonics, 2, 1)
    A, B = (harmonics.analyse_flux(harmonics.synthesise(W)) for W in harmonics.wind(vorticity, divergence))
    torch.testing.assert_close(harmonics.curl(A, B), vorticity, rtol=0, atol=1e-12)
    torch.testing.assert_close(harmonics.divergence(A, B), divergence, rtol=0, atol=1e-12)


def test_products_are_free_of_aliasing():
    # The same terms on a grid twice as fine, where nothing can fold back.
    coarse, fine = (ShallowWater(truncation=T, **PURE)._here for T in (10, 21))
    size = torch.tensor([1e-5, 1e-6, 100.0])[:, None, None]  # of ζ, δ and h
    c = size * coefficients(coarse.harmonics, 3)
    embedded = torch.zeros(3, 22, 23, dtype=torch.complex128)
    embedded[:, :11, :12] = c
    expected = fine.advection(embedded)[:, :11, :12] * coarse.harmonics.keep
    scale = expected.abs().amax((1, 2), keepdim=True)
    torch.testing.assert_close(coarse.advection(c) / scale, expected / scale, rtol=0, atol=1e-13)

"""Where a B stops being a covariance, its floors, its derivatives, and what is refused."""

import math

import pytest
import torch

from backends.background_error import sphere
from backends.background_error.base import Spectrum
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import CORRELATIONS, Correlation
from backends.background_error.dense import DenseBackgroundError
from backends.background_error.ensemble import EnsembleBackgroundError, HybridBackgroundError
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.background_error.scattered import ScatteredBackgroundError
from backends.background_error.sphere import ScaledBackgroundError, SphereCorrelation, SphereGeometry
from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from tests.backends.domains import globe, line, normal, observing, plane, region, stations, uneven, vector


def course(periodised: bool, floor: float = 0.0) -> CirculantBackgroundError:
    """Return the B of the lecture's one-dimensional case: n 256, σ_b 0.25, L 0.15."""
    return CirculantBackgroundError(line(256), Correlation("gaussian", 0.15), 0.25, floor, periodised)


def test_a_gaussian_of_the_wrapped_distance_is_no_covariance():
    spectrum = course(periodised=False).spectrum()
    assert len(spectrum.eigenvalues) == 256
    assert spectrum.negative == 123
    assert float(spectrum.eigenvalues[0]) == pytest.approx(6.01, abs=5e-3)
    assert float(spectrum.eigenvalues[-1]) == pytest.approx(-1.5e-3, abs=5e-5)
    assert spectrum.condition == math.inf


def test_the_periodised_gaussian_is_one():
    spectrum = course(periodised=True).spectrum()
    assert spectrum.negative == 0
    # Eigenvalues of the circle are the Fourier coefficients of the infinite line: n σ² L √2π exp(−2π²k²L²) / ρ(0).
    scale = 256 * 0.0625 * 0.15 * math.sqrt(2 * math.pi) / sum(math.exp(-0.5 * (k / 0.15) ** 2) for k in range(-9, 10))
    waves = [0, 1, 1, 2, 2, 3]
    expected = [scale * math.exp(-2 * (math.pi * k * 0.15) ** 2) for k in waves]
    assert spectrum.eigenvalues[:6].tolist() == pytest.approx(expected, rel=1e-10)


def test_a_floor_makes_a_covariance_of_either():
    for periodised in (True, False):
        B = course(periodised, floor=1e-5)
        values = torch.linalg.eigvalsh(B.dense())
        assert float(values[0]) == pytest.approx(1e-5 * float(values[-1]), rel=1e-6)
        assert B.spectrum().condition == pytest.approx(1e5, rel=1e-6)


@pytest.mark.parametrize("name", ["gaussian", "exponential", "gaspari-cohn"])
@pytest.mark.parametrize("length", [1500.0, 3000.0])
def test_these_are_covariances_on_the_globe_up_to_the_longest_length_allowed(name, length):
    matrix = SphereCorrelation(SphereGeometry(globe()), Correlation(name, length)).dense()
    values = torch.linalg.eigvalsh(matrix)
    assert float(values[0]) > -1e-9 * float(values[-1])


def test_a_floor_on_the_sphere_adds_a_share_of_the_largest_eigenvalue():
    plain = SphereCorrelation(SphereGeometry(globe()), Correlation("gaussian", 2000.0))
    raised = SphereCorrelation(SphereGeometry(globe()), Correlation("gaussian", 2000.0), 1e-3)
    largest = float(torch.linalg.eigvalsh(plain.dense())[-1])
    assert raised.floor == pytest.approx(1e-3 * largest, rel=1e-3)
    torch.testing.assert_close(raised.dense() - plain.dense(), raised.floor * torch.eye(globe().size, dtype=torch.float64))


def test_number_of_negative_eigenvalues_leaves_rounding_aside():
    assert Spectrum(vector(2, 1, -1e-13), 0.0).negative == 0
    assert Spectrum(vector(2, 1, -1e-11), 0.0).negative == 1
    assert Spectrum(vector(8, 4, 2), 0.0).condition == 4
    assert Spectrum(vector(8, 4, 0.1), 2.0).condition == 4


# ---------------------------------------------------------------------------------------------------- derivatives

SCATTERED = stations(8)
MODELS = {
    "line": (line(12), 0.15, lambda s, L: CirculantBackgroundError(line(12), Correlation("soar", L), s, 0.0)),
    "plane": (plane(), 25.0, lambda s, L: KroneckerBackgroundError(
        plane(), Correlation("gaussian", L), Correlation("gaussian", L / 30), s, 0.0)),
    "sphere": (uneven(), 500.0, lambda s, L: ScaledBackgroundError(
        SphereCorrelation(SphereGeometry(uneven()), Correlation("matern52", L)), s)),
    "stations": (SCATTERED, 200.0, lambda s, L: ScatteredBackgroundError(SCATTERED, Correlation("gaussian", L), s)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_what_is_observed_is_differentiable_in_sigma_and_length(name):
    domain, length, make = MODELS[name]
    H = observing(domain, 5, seed=2)
    start = (torch.tensor(1.3, dtype=torch.float64), torch.tensor(length, dtype=torch.float64))
    observed = lambda s, L: make(s, L).observed(H)  # noqa: E731  gradcheck wants one function
    for argument in start:
        argument.requires_grad_()
    s, L = start
    by_sigma, by_length = (torch.autograd.grad(observed(s, L).sum(), x)[0] for x in (s, L))
    step = 1e-5
    with torch.no_grad():
        for slope, change in ((by_sigma, (step * 1.3, 0.0)), (by_length, (0.0, step * length))):
            ahead, behind = (observed(s + k * change[0], L + k * change[1]).sum() for k in (1, -1))
            assert float(slope) == pytest.approx(float(ahead - behind) / (2 * sum(change)), rel=1e-7)
        assert float(by_sigma) == pytest.approx(2 * float(observed(s, L).sum()) / 1.3, rel=1e-12)


def test_most_floored_modes_leave_the_derivatives_those_of_the_plain_b():
    domain, H = plane(), observing(plane(), 5)
    slopes = []
    for floor in (0.0, 0.05):
        L = torch.tensor(25.0, dtype=torch.float64, requires_grad=True)
        B = KroneckerBackgroundError(domain, Correlation("gaussian", L), Correlation("gaussian", 0.8), 1.0, floor)
        slopes.append(torch.autograd.grad(B.observed(H).sum(), L)[0])
    torch.testing.assert_close(slopes[0], slopes[1])


# -------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("name", MODELS)
def test_a_sigma_b_that_is_not_positive_is_named(name, sigma):
    _, length, make = MODELS[name]
    with pytest.raises(InputError, match="background error σ_b must be a positive number; came"):
        make(sigma, length)


@pytest.mark.parametrize("length", [0.0, -3.0, math.nan])
@pytest.mark.parametrize("name", MODELS)
def test_a_length_that_is_not_positive_is_named(name, length):
    with pytest.raises(InputError, match="correlation length L must be a positive number; came"):
        MODELS[name][2](1.0, length)


@pytest.mark.parametrize("floor", [-1e-6, 1.0, math.nan])
def test_a_floor_out_of_range_is_named(floor):
    c = Correlation("gaussian", 0.1)
    for make in (
        lambda: CirculantBackgroundError(line(), c, 1.0, floor),
        lambda: KroneckerBackgroundError(plane(), c, c, 1.0, floor),
        lambda: SphereCorrelation(SphereGeometry(region()), c, floor),
        lambda: DenseBackgroundError(torch.eye(3), floor),
    ):
        with pytest.raises(InputError, match="floor α of the eigenvalues must be at least 0 and below 1; came"):
            make()


def test_a_map_of_sigma_with_a_zero_is_refused():
    C = SphereCorrelation(SphereGeometry(region()), Correlation("gaussian", 300.0))
    sigma = torch.ones(region().size, dtype=torch.float64)
    sigma[3] = 0
    with pytest.raises(InputError, match="σ_b must be a positive number; came 0"):
        ScaledBackgroundError(C, sigma)


def test_a_length_too_long_for_the_sphere_is_named():
    with pytest.raises(InputError, match="at most 3000 km; came 3001 km"):
        SphereCorrelation(SphereGeometry(globe()), Correlation("gaussian", 3001.0))


def test_a_grid_without_a_square_root_says_why(monkeypatch):
    monkeypatch.setattr(sphere, "LARGEST_DENSE", 30)
    C = SphereCorrelation(SphereGeometry(uneven()), Correlation("gaussian", 300.0))
    with pytest.raises(InputError, match=r"35 points needs longitudes in steps that divide 360 degrees"):
        C.sqrt(normal(35))
    monkeypatch.setitem(sphere.LARGEST_TABLE, "cpu", 100)
    with pytest.raises(InputError, match="9 rows round the globe is too large"):
        SphereCorrelation(SphereGeometry(globe()), Correlation("gaussian", 300.0)).sqrt(normal(9 * 12))


def test_even_steps_that_do_not_divide_the_circle_have_a_dense_root():
    grid = LatLonGrid(vector(40, 45, 50), torch.arange(0, 35, 7, dtype=torch.float64))
    C = SphereCorrelation(SphereGeometry(grid), Correlation("exponential", 500.0))
    assert C.control_size == 15
    U = C.sqrt(torch.eye(15, dtype=torch.float64)).T
    torch.testing.assert_close(U @ U.T, C.dense())


def test_bad_matrices_members_weights_and_heights_are_named():
    localisation = CirculantBackgroundError(line(), Correlation("gaussian", 0.1), 1.0)
    with pytest.raises(InputError, match=r"square matrix; came shape \(2, 3\)"):
        DenseBackgroundError(torch.zeros(2, 3))
    with pytest.raises(InputError, match=r"at least two members; came shape \(1, 24\)"):
        EnsembleBackgroundError(normal(1, 24), localisation)
    with pytest.raises(InputError, match="members have 5 points, the localisation 24"):
        EnsembleBackgroundError(normal(3, 5), localisation)
    with pytest.raises(InputError, match="must not all be zero"):
        HybridBackgroundError([localisation, localisation], [0.0, 0.0])
    with pytest.raises(InputError, match="height scale of correlations must not be negative; came -5 m"):
        ScatteredBackgroundError(SCATTERED, Correlation("gaussian", 200.0), 1.0, -5.0)


def test_every_correlation_keeps_its_variance_when_it_is_periodised():
    for name in CORRELATIONS:
        B = CirculantBackgroundError(line(), Correlation(name, 0.4), 2.0, 0.0)
        torch.testing.assert_close(B.variance(), torch.full((24,), 4.0, dtype=torch.float64))

"""The NMC method finds what differences were drawn with."""

import math

import pytest
import torch

from backends.background_error.correlation import Correlation
from backends.background_error.estimate import nmc
from backends.background_error.sphere import SphereCorrelation, SphereGeometry
from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import EARTH_RADIUS_KM
from tests.backends.domains import normal

KM_PER_DEGREE = math.pi / 180 * EARTH_RADIUS_KM
#: 1.5 degrees over Europe, and all round.
REGION = LatLonGrid(torch.arange(42, 56, 1.5, dtype=torch.float64), torch.arange(-6, 16, 1.5, dtype=torch.float64))
GLOBE = LatLonGrid(torch.arange(-75, 76, 5, dtype=torch.float64), torch.arange(0, 360, 5, dtype=torch.float64))


def drawn(grid: LatLonGrid, length: float, sigma: torch.Tensor, count: int, seed: int = 0) -> torch.Tensor:
    """Return differences of two fields with independent errors, each with this σ_b and a Gaussian correlation."""
    C = SphereCorrelation(SphereGeometry(grid), Correlation("gaussian", length))
    first, second = (C.sample(count, torch.Generator().manual_seed(2 * seed + k)) * sigma for k in (0, 1))
    return 280 + first - second


def seen_through_differences(length: float, step: float) -> float:
    """Return the length that central differences over ± step find: their variance is (1 − ρ(2 step)) / (2 step²)."""
    return math.sqrt(2 * step**2 / (1 - math.exp(-2 * (step / length) ** 2)))


def test_a_map_of_sigma_is_recovered_within_the_sampling_error():
    sigma = 0.5 + 2 * torch.linspace(0, 1, REGION.size, dtype=torch.float64)
    count = 2000
    estimate = nmc(drawn(REGION, 400.0, sigma, count), REGION)
    # A standard deviation of N independent draws has a relative standard error of 1 / √(2 (N − 1)).
    z = (estimate.sigma / sigma - 1) * math.sqrt(2 * (count - 1))
    assert float(z.abs().max()) < 4
    assert float(z.square().mean()) < 2.5  # correlated in space, so not near 1
    assert estimate.samples == count


def test_a_length_is_recovered_on_a_region():
    L, count = 400.0, 1500
    sigma = 1 + torch.linspace(0, 1, REGION.size, dtype=torch.float64)
    estimate = nmc(drawn(REGION, L, sigma, count), REGION)
    assert estimate.length.shape == REGION.shape
    inner = estimate.length[1:-1, 1:-1]
    # Steps of 167 km along a meridian and 120 km along 49°N: the expected length, the mean of both curvatures.
    expected = []
    for latitude in REGION.latitude[1:-1].tolist():
        steps = 1.5 * KM_PER_DEGREE, 1.5 * KM_PER_DEGREE * math.cos(math.radians(latitude))
        expected.append(sum(0.5 / seen_through_differences(L, step) ** 2 for step in steps) ** -0.5)
    # A variance of N draws in two directions: relative error of L is half that of L², √(1 / N) / 2 = 0.013.
    ratio = inner / torch.tensor(expected, dtype=torch.float64)[:, None]
    assert float((ratio - 1).abs().max()) < 4 * 0.013 * 1.5
    assert float(ratio.mean()) == pytest.approx(1, abs=0.01)
    assert L < float(inner.mean()) < 1.1 * L


def test_a_length_is_recovered_all_round_the_globe():
    L = 1500.0
    estimate = nmc(drawn(GLOBE, L, torch.ones(GLOBE.size, dtype=torch.float64), 300), GLOBE)
    assert estimate.typical == pytest.approx(seen_through_differences(L, 5 * KM_PER_DEGREE), rel=0.04)


def test_a_globe_has_no_edge_at_its_seam():
    differences = drawn(GLOBE, 1500.0, torch.ones(GLOBE.size, dtype=torch.float64), 10)
    turned = differences.unflatten(-1, GLOBE.shape).roll(20, dims=-1).flatten(1)
    torch.testing.assert_close(nmc(turned, GLOBE).length, nmc(differences, GLOBE).length.roll(20, dims=-1))


@pytest.mark.parametrize(("count", "longer"), [(10, 1.033), (20, 1.014)])
def test_few_differences_make_lengths_little_longer(count, longer):
    # Roots of noisy means: a median of theirs is so much longer, and was 9 % and 4 % with σ of another divisor.
    L, one = 1500.0, torch.ones(GLOBE.size, dtype=torch.float64)
    found = [nmc(drawn(GLOBE, L, one, count, seed), GLOBE).typical for seed in range(30)]
    expected = seen_through_differences(L, 5 * KM_PER_DEGREE)
    assert sum(found) / len(found) / expected == pytest.approx(longer, abs=0.015)


def test_the_length_of_waves_is_that_of_their_gradient():
    # Waves cos(m λ + θ) with three θ a third of a turn apart: their sum is zero, of their squares and of the squares of their
    # gradients 3/2 and 3/2 m². With divisor 2 the normalised gradient has variance m² along, none across: L² = 2 / m².
    grid = LatLonGrid(torch.tensor([-1.0, 0.0, 1.0]).double(), torch.arange(0, 360, 2, dtype=torch.float64))
    m, step = 4, math.radians(2)
    phase = torch.deg2rad(grid.longitude) * m + 2 * math.pi / 3 * torch.arange(3, dtype=torch.float64)[:, None]
    waves = phase.cos()[:, None, :].expand(3, *grid.shape).flatten(1)
    expected = math.sqrt(2) * EARTH_RADIUS_KM * step / math.sin(m * step)
    assert float(nmc(waves, grid).length[1].mean()) == pytest.approx(expected, rel=1e-9)


def test_eofs_are_orthonormal_and_explain_the_variance():
    sigma = 0.5 + 2 * torch.linspace(0, 1, REGION.size, dtype=torch.float64)
    differences = drawn(REGION, 400.0, sigma, 60)
    estimate = nmc(differences, REGION, modes=8)
    assert estimate.eofs.shape == (8, REGION.size)
    W = REGION.area_weights()
    torch.testing.assert_close(estimate.eofs * W @ estimate.eofs.T, torch.eye(8, dtype=torch.float64))
    assert bool((estimate.explained.diff() < 0).all())
    assert 0.5 < float(estimate.explained.sum()) < 1
    assert float(nmc(differences, REGION, modes=100).explained.sum()) == pytest.approx(1)
    covariance = torch.cov((differences * W.sqrt()).T) / 2
    values = torch.linalg.eigvalsh(covariance).flip(0)[:8]
    torch.testing.assert_close(estimate.explained, values / covariance.trace())
    vectors = estimate.eofs * W.sqrt()
    torch.testing.assert_close(vectors @ covariance, values[:, None] * vectors, rtol=1e-8, atol=1e-8)


def test_the_share_of_an_eof_is_that_of_its_area():
    # Two patterns of equal size at each point, on the same number of points: one on the rows at 0°, one on those at 60°.
    grid = LatLonGrid(torch.tensor([0.0, 60.0]).double(), torch.arange(0, 360, 30, dtype=torch.float64))
    rows = torch.eye(2, dtype=torch.float64).repeat_interleave(12, 1)
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]).double()
    estimate = nmc(signs @ rows, grid)
    assert estimate.explained.tolist() == pytest.approx([2 / 3, 1 / 3])  # as cos φ is 1 and ½
    torch.testing.assert_close(estimate.eofs.abs(), rows / (grid.area_weights() @ rows.T).sqrt()[:, None])


def test_a_planted_pattern_is_the_first_eof():
    pattern = torch.sin(REGION.nodes().longitude / 4)
    differences = normal(50, 1) * pattern + 1e-3 * normal(50, REGION.size, seed=1)
    estimate = nmc(differences, REGION)
    assert float((estimate.eofs[0] @ pattern / pattern.norm() / estimate.eofs[0].norm()).abs()) == pytest.approx(1, abs=1e-5)
    assert float(estimate.explained[0]) > 0.999


def test_a_point_that_never_changes_still_has_a_sigma():
    differences = drawn(REGION, 400.0, torch.ones(REGION.size, dtype=torch.float64), 20)
    differences[:, 5] = 0
    estimate = nmc(differences, REGION)
    assert 0 < float(estimate.sigma[5]) < 2e-3
    assert bool(torch.isfinite(estimate.length).all())


def test_what_cannot_be_estimated_from_is_named():
    fields = normal(5, REGION.size)
    with pytest.raises(InputError, match="at least three differences of times; came 2"):
        nmc(fields[:2], REGION)
    with pytest.raises(InputError, match="all zero: nothing can be estimated"):
        nmc(torch.ones_like(fields), REGION)
    fields[2, 7] = torch.nan
    with pytest.raises(InputError, match="without missing values; at least one is NaN"):
        nmc(fields, REGION)

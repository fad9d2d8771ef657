"""What every B promises, each against its dense matrix formed directly: products, roots, parts seen by H, draws."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.background_error import base, sphere
from backends.background_error.base import BackgroundError
from backends.background_error.circulant import CirculantBackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.dense import DenseBackgroundError
from backends.background_error.ensemble import EnsembleBackgroundError, HybridBackgroundError
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.background_error.scattered import ScatteredBackgroundError
from backends.background_error.sphere import ScaledBackgroundError, SphereCorrelation, SphereGeometry
from backends.errors import InputError
from backends.geometry.domain import Domain
from backends.geometry.grid import LatLonGrid
from tests.backends import references
from tests.backends.domains import correlation_matrix, globe, line, normal, observing, plane, region, stations, uneven

SIGMA = 1.3


@dataclass
class Family:
    """A B, the matrix that it should be, and the domain it lives on."""

    B: BackgroundError
    matrix: np.ndarray
    domain: Domain
    invertible: bool = False


def on_line(name: str, length: float, floor: float, points: int, periodised: bool = True) -> Family:
    domain = line(points)
    plain = references.circulant(points, name, length, SIGMA, periodised)
    B = CirculantBackgroundError(domain, Correlation(name, length), SIGMA, floor, periodised)
    return Family(B, references.floored(plain, floor) if floor else plain, domain, floor > 0 or name == "exponential")


def on_plane(name: str, floor: float, kind: str = "spectral") -> Family:
    domain = plane()
    plain = references.separable(domain, name, (25.0, 0.8), SIGMA)
    matrix = {"spectral": references.floored, "added": references.added}[kind](plain, floor) if floor else plain
    B = KroneckerBackgroundError(domain, Correlation(name, 25.0), Correlation(name, 0.8), SIGMA, floor, kind)
    return Family(B, matrix, domain, floor > 0)


def on_sphere(grid: LatLonGrid, name: str, length: float, floor: float = 0.0, tabled: bool = True) -> Family:
    geometry = SphereGeometry(grid)
    geometry.tabled = geometry.tabled and tabled
    C = SphereCorrelation(geometry, Correlation(name, length), floor)
    plain = references.FUNCTIONS[name](references.great_circle(grid.nodes(), grid.nodes()) / length)
    if floor:  # found by power iteration, which stops at four digits
        assert pytest.approx(floor * np.linalg.eigvalsh(plain)[-1], rel=1e-3) == C.floor
    sigma = 0.5 + torch.linspace(0, 2, grid.size, dtype=torch.float64)  # no two points alike
    matrix = (plain + C.floor * np.eye(grid.size)) * np.outer(sigma, sigma)
    return Family(ScaledBackgroundError(C, sigma), matrix, grid)


def ensemble() -> Family:
    domain = line(20)
    members = normal(7, 20, seed=5).cumsum(1)  # errors that grow along the line
    localisation = CirculantBackgroundError(domain, Correlation("gaspari-cohn", 0.1), 1.0, 0.0)
    matrix = references.circulant(20, "gaspari-cohn", 0.1, 1.0) * np.cov(members.numpy().T)
    return Family(EnsembleBackgroundError(members, localisation), matrix, domain)


def hybrid() -> Family:
    static, flow = on_line("soar", 0.1, 1e-3, 20), ensemble()
    B = HybridBackgroundError([static.B, flow.B], [0.3, 0.7])
    return Family(B, 0.3 * static.matrix + 0.7 * flow.matrix, flow.domain)


def dense(floor: float) -> Family:
    matrix = 4.0 * correlation_matrix(15)
    matrix[0] *= 1e-4  # one small eigenvalue
    matrix[:, 0] *= 1e-4
    expected = references.floored(matrix.numpy(), floor) if floor else matrix.numpy()
    return Family(DenseBackgroundError(matrix, floor), expected, stations(), True)


def scattered() -> Family:
    domain = stations()
    apart = domain.height.numpy()[:, None] - domain.height.numpy()
    distance = references.great_circle(domain.points, domain.points)
    matrix = SIGMA**2 * references.FUNCTIONS["soar"](distance / 200) * np.exp(-0.5 * (apart / 400) ** 2)
    return Family(ScatteredBackgroundError(domain, Correlation("soar", 200.0), SIGMA, 400.0), matrix, domain, True)


FAMILIES: dict[str, Callable[[], Family]] = {
    "line": lambda: on_line("gaussian", 0.1, 1e-4, 24),
    "line, odd": lambda: on_line("matern52", 0.3, 1e-3, 17),
    "line, no floor": lambda: on_line("exponential", 0.2, 0.0, 24),
    "line, wrapped": lambda: on_line("gaussian", 0.15, 1e-5, 24, periodised=False),
    "plane, few modes floored": lambda: on_plane("exponential", 0.02),
    "plane, most modes floored": lambda: on_plane("gaussian", 0.02),
    "plane, floor added": lambda: on_plane("gaussian", 1e-3, "added"),
    "plane, no floor": lambda: on_plane("soar", 0.0),
    "globe": lambda: on_sphere(globe(), "gaussian", 1500.0, 1e-3),
    "globe, blocks": lambda: on_sphere(globe(), "gaussian", 1500.0, 1e-3, tabled=False),
    "region": lambda: on_sphere(region(), "exponential", 400.0),
    "region, floor": lambda: on_sphere(region(), "gaussian", 300.0, 1e-2),
    "uneven": lambda: on_sphere(uneven(), "exponential", 500.0, 1e-4),
    "ensemble": ensemble,
    "hybrid": hybrid,
    "dense": lambda: dense(0.0),
    "dense, floor": lambda: dense(1e-3),
    "scattered": scattered,
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request) -> Family:
    return FAMILIES[request.param]()


def close(actual: Tensor, expected: np.ndarray | Tensor, tolerance: float = 1e-10) -> None:
    """Assert that the greatest difference is a small share of the greatest element."""
    expected = torch.as_tensor(expected)
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) <= tolerance * float(expected.abs().max())


def test_product_of_any_number_of_states(family):
    x = normal(2, 3, family.B.size)
    close(family.B.apply(x), x.numpy() @ family.matrix)


def test_square_root_times_its_transpose(family):
    U = family.B.sqrt(torch.eye(family.B.control_size, dtype=torch.float64)).T
    assert U.shape == (family.B.size, family.B.control_size)
    close(U @ U.T, family.matrix)


def test_adjoint_of_the_square_root(family):
    v, x = normal(4, family.B.control_size, seed=1), normal(4, family.B.size, seed=2)
    left, right = (family.B.sqrt(v) * x).sum(-1), (v * family.B.sqrt_adjoint(x)).sum(-1)
    scale = family.B.sqrt(v).norm(dim=-1) * x.norm(dim=-1)
    assert bool(((left - right).abs() <= 1e-12 * scale).all())


def test_is_symmetric_and_positive_semidefinite(family):
    matrix = family.B.apply(torch.eye(family.B.size, dtype=torch.float64))
    close(matrix, matrix.T, 1e-13)
    values = torch.linalg.eigvalsh((matrix + matrix.T) / 2)
    assert float(values[0]) >= -1e-12 * float(values[-1])


def test_inverse(family):
    x = normal(2, family.B.size)
    if family.invertible:
        condition = np.linalg.cond(family.matrix)
        close(family.B.apply(family.B.inverse(x)), x, 1e-14 * condition)
        close(family.B.inverse(x), np.linalg.solve(family.matrix, x.numpy().T).T, 1e-14 * condition)
    elif not isinstance(family.B, KroneckerBackgroundError):
        with pytest.raises(InputError, match="no inverse"):
            family.B.inverse(x)


def test_variance_and_elements(family):
    close(family.B.variance(), np.diag(family.matrix).copy())
    close(family.B.dense(), family.matrix)
    a, b = torch.tensor([5, 0, 5, 11]), torch.tensor([11, 3, 5])  # one twice, some in both
    close(family.B.between(a, b), family.matrix[a][:, b])
    close(family.B.between(a, a), family.matrix[a][:, a])


def test_what_the_observations_see(family):
    H = observing(family.domain, 8, seed=1)
    dense = H.dense().numpy()
    close(family.B.observed(H), dense @ family.matrix @ dense.T)
    weights = normal(2, 8, seed=2)
    close(family.B.spread(H, weights), weights.numpy() @ dense @ family.matrix)
    points = torch.tensor([7, 2, 9])
    close(family.B.cross(H, points), (dense @ family.matrix)[:, points])
    other = observing(family.domain, 5, seed=3)
    close(family.B.covariance_between(H, other), dense @ family.matrix @ other.dense().numpy().T)


def test_draws_have_the_covariance(family):
    """Whitened by the dense matrix, the sample covariance of N draws differs from I by m (m + 1) / N in squared norm.

    Every element of N (S − I) has variance 2 N on the diagonal and N off it, so N ‖S − I‖² has mean m (m + 1) and, being
    nearly a sum of m (m + 1) / 2 independent squares counted twice, a relative standard deviation of 2 / √(m (m + 1)).
    """
    draws = family.B.sample(4000, torch.Generator().manual_seed(1))
    assert draws.shape == (4000, family.B.size)
    values, vectors = torch.linalg.eigh(torch.from_numpy(family.matrix))
    kept = values > 1e-7 * values[-1]
    white = draws @ vectors[:, kept] / values[kept].sqrt()
    m = int(kept.sum())
    error = 4000 * (white.T @ white / 4000 - torch.eye(m, dtype=torch.float64)).square().sum() / (m * (m + 1))
    assert float(error) == pytest.approx(1, abs=4 * 2 / (m * (m + 1)) ** 0.5)
    assert torch.equal(draws, family.B.sample(4000, torch.Generator().manual_seed(1)))


def test_spectrum(family):
    spectrum = family.B.spectrum()
    if spectrum is None:
        return
    values = torch.linalg.eigvalsh(torch.from_numpy(family.matrix)).flip(0)
    raised = spectrum.eigenvalues + spectrum.floor if getattr(family.B, "_kind", "") == "added" else spectrum.eigenvalues
    close(raised.clamp(min=spectrum.floor), values.clamp(min=spectrum.floor))


def test_rows_in_blocks_give_what_the_whole_gives(monkeypatch):
    monkeypatch.setattr(sphere, "BLOCK", 200)
    monkeypatch.setitem(sphere.LARGEST_TABLE, "cpu", 10)
    geometry = SphereGeometry(region())
    assert not geometry.tabled
    matrix = references.FUNCTIONS["gaussian"](references.great_circle(region().nodes(), region().nodes()) / 300)
    x = normal(2, region().size)
    x[:, :20] = 0  # points that need not be looked at
    C = SphereCorrelation(geometry, Correlation("gaussian", 300.0))
    close(C.apply(x), x.numpy() @ matrix)
    close(C.apply(torch.zeros(2, region().size, dtype=torch.float64)), torch.zeros(2, region().size, dtype=torch.float64))


@pytest.mark.parametrize("applied", [0, 1_000_000], ids=["by application", "between points"])
@pytest.mark.parametrize("block", [30, 200, 10**7])
@pytest.mark.parametrize("name", ["globe", "uneven", "ensemble", "scattered"])
def test_what_the_observations_see_in_blocks_is_what_they_see_at_once(monkeypatch, name, block, applied):
    monkeypatch.setattr(base, "BLOCK", block)
    monkeypatch.setattr(base, "APPLIED", applied)
    family = FAMILIES[name]()
    H = observing(family.domain, 8, seed=1)
    dense, points = H.dense().numpy(), torch.arange(1, family.B.size, 2)
    close(family.B.observed(H), dense @ family.matrix @ dense.T)
    close(family.B.cross(H, points), (dense @ family.matrix)[:, points])

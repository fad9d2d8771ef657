"""Small domains, and problems on them, that tests of the numerics share."""

import torch
from torch import Tensor

from backends.assimilation.analysis import Problem
from backends.background_error.base import BackgroundError
from backends.geometry.domain import Domain
from backends.geometry.grid import LatLonGrid
from backends.geometry.line import PeriodicLine
from backends.geometry.plane import VerticalPlane
from backends.geometry.scattered import ScatteredPoints
from backends.geometry.sphere import Points
from backends.observing.errors import ObservationError
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator, ObservationOperator


def vector(*values: float) -> Tensor:
    """Return numbers as a tensor in double precision."""
    return torch.tensor(values, dtype=torch.float64)


def normal(*shape: int, seed: int = 0) -> Tensor:
    """Return independent standard normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def line(points: int = 24) -> PeriodicLine:
    return PeriodicLine(points)


def plane(nx: int = 9, nz: int = 6) -> VerticalPlane:
    """Return a plane whose steps grow to the right and upwards."""
    x, z = torch.arange(nx, dtype=torch.float64), torch.arange(nz, dtype=torch.float64)
    return VerticalPlane(10 * x + 0.5 * x**2, 0.4 * z + 0.05 * z**2)


def globe() -> LatLonGrid:
    """Return a grid all round, poles included."""
    return LatLonGrid(torch.linspace(-90, 90, 9, dtype=torch.float64), torch.arange(0, 360, 30, dtype=torch.float64))


def region() -> LatLonGrid:
    """Return a regional grid with even steps that divide the circle."""
    return LatLonGrid(torch.linspace(42, 54, 6, dtype=torch.float64), torch.arange(-6, 16, 3, dtype=torch.float64))


def uneven() -> LatLonGrid:
    """Return a regional grid with uneven steps both ways."""
    return LatLonGrid(vector(40, 42, 45, 49, 54), vector(-7, -6, -3, 0, 5, 8, 15))


def stations(count: int = 15) -> ScatteredPoints:
    """Return stations between 47 and 55 degrees north."""
    u = torch.rand(count, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    return ScatteredPoints(Points(47 + 8 * u[:, 0], 6 + 9 * u[:, 1]), 1000 * u[:, 2])


DOMAINS = {"line": line, "plane": plane, "globe": globe, "region": region, "uneven": uneven}
#: Radii of area means that hold a few points, in each domain's unit.
RADIUS = {"line": 0.1, "plane": 25.0, "globe": 3500.0, "region": 350.0, "uneven": 500.0}


def places(domain: Domain, count: int, seed: int = 0) -> Tensor:
    """Return random places on a domain, shape (count, k)."""
    return domain.uniform(torch.rand(count, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))


def observing(domain: Domain, count: int, seed: int = 0) -> LinearOperator:
    """Return the interpolation to random places, or the choice of random stations."""
    if isinstance(domain, ScatteredPoints):
        return LinearOperator(domain.choose(torch.randperm(domain.size, generator=torch.Generator().manual_seed(seed))[:count]))
    return LinearOperator(domain.interpolation(places(domain, count, seed)))


def correlation_matrix(count: int, seed: int = 3) -> Tensor:
    """Return a random correlation matrix, well conditioned."""
    sample = normal(count, 4 * count, seed=seed)
    covariance = sample @ sample.T
    scale = covariance.diagonal().rsqrt()
    return covariance * scale[:, None] * scale


def problem(
    B: BackgroundError,
    H: ObservationOperator,
    sigma_o: float = 0.3,
    correlated: bool = False,
    unused: tuple[int, ...] = (),
    seed: int = 0,
) -> Problem:
    """Return a problem with a random background and random observations near to it."""
    p = len(H)
    used = torch.ones(p, dtype=torch.bool)
    used[list(unused)] = False
    background = 2 + normal(B.size, seed=seed + 10)
    values = H(background) + normal(p, seed=seed + 11)
    sigma = sigma_o * (1 + 0.5 * torch.linspace(0, 1, p, dtype=torch.float64))  # no two alike
    R = ObservationError(sigma, correlation_matrix(p) if correlated else None)
    return Problem(background, Observations(values, torch.zeros(p, 1)), H, B, R, used)

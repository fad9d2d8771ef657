"""The problems that solvers are timed on: smooth states, observations at random places, another B at each solve."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.assimilation.analysis import Analysis, Problem
from backends.assimilation.closed_form import observation_space
from backends.background_error.base import BackgroundError
from backends.background_error.correlation import Correlation
from backends.background_error.kronecker import KroneckerBackgroundError
from backends.background_error.sphere import ScaledBackgroundError, SphereCorrelation, SphereGeometry
from backends.device import compute_device
from backends.geometry.domain import Domain
from backends.geometry.grid import LatLonGrid
from backends.geometry.plane import VerticalPlane
from backends.observing.errors import ObservationError
from backends.observing.network import Network, place
from backends.observing.observations import Observations
from backends.observing.operators import LinearOperator

SIGMA_O = 0.2


@dataclass(frozen=True, eq=False)
class Timed:
    """A problem whose B is made anew for each solve, as when a slider is dragged.

    Attributes
    ----------
    domain, operator, background, observations
        Of the problem.
    background_error
        From the number of the solve to a B that is a little different each time.
    """

    domain: Domain
    operator: LinearOperator
    background: Tensor
    observations: Observations
    background_error: Callable[[int], BackgroundError]

    def solve(self, k: int) -> Analysis:
        """Make the k-th B and solve in closed form."""
        p, like = len(self.operator), self.background
        R = ObservationError(torch.full((p,), SIGMA_O, dtype=like.dtype, device=like.device))
        used = torch.ones(p, dtype=torch.bool, device=like.device)
        return observation_space(Problem(self.background, self.observations, self.operator, self.background_error(k), R, used))


def plane(nx: int, nz: int, count: int, dtype: torch.dtype) -> Timed:
    """Return a vertical plane of 100 by 15 km with a Gaussian B, L_x 10 km and L_z 2 km, α 1e-6."""
    device = compute_device()
    domain = VerticalPlane(
        torch.linspace(0, 100, nx, dtype=dtype, device=device), torch.linspace(0, 15, nz, dtype=dtype, device=device)
    )

    def background_error(k: int) -> BackgroundError:
        lengths = Correlation("gaussian", 10 + 0.01 * k), Correlation("gaussian", 2 + 0.002 * k)
        return KroneckerBackgroundError(domain, *lengths, 1 + 0.001 * k)

    return _timed(domain, count, background_error)


def sphere(bounds: tuple[float, float, float, float], ny: int, nx: int, count: int, length: float, dtype: torch.dtype) -> Timed:
    """Return a latitude–longitude grid (south, north, west, east) with a Gaussian B, L in km, α 1e-6."""
    south, north, west, east = bounds
    grid = LatLonGrid(
        torch.linspace(south, north, ny, dtype=torch.float64), torch.linspace(west, east, nx, dtype=torch.float64)
    )
    domain = grid.to(compute_device(), dtype)
    geometry = SphereGeometry(domain)

    def background_error(k: int) -> BackgroundError:
        correlation = SphereCorrelation(geometry, Correlation("gaussian", length * (1 + 0.001 * k)), 1e-6)
        return ScaledBackgroundError(correlation, 1 + 0.001 * k)

    return _timed(domain, count, background_error)


def britain(count: int, dtype: torch.dtype) -> Timed:
    """Return the grid of ERA5 over Britain, 33 x 49."""
    return sphere((50, 58, -10, 2), 33, 49, count, 150, dtype)


def globe(ny: int, nx: int, count: int, dtype: torch.dtype) -> Timed:
    """Return a global grid, L 500 km."""
    return sphere((-90, 90, -180, 180 - 360 / nx), ny, nx, count, 500, dtype)


def _timed(domain: Domain, count: int, background_error: Callable[[int], BackgroundError]) -> Timed:
    coordinates = domain.coordinates()
    scaled = (coordinates - coordinates.mean(0)) / coordinates.std(0)
    truth = 280 + 5 * torch.sin(2 * scaled[:, 0]) * torch.cos(3 * scaled[:, 1])
    valid = torch.ones(domain.size, dtype=torch.bool, device=truth.device)
    places = place(Network(count=count), domain, valid)
    operator = LinearOperator(domain.interpolation(places))
    observations = Observations(operator(truth), places)
    return Timed(domain, operator, truth.roll(3), observations, background_error)

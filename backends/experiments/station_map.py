"""What observations at stations say between the stations: increment and posterior error on a map."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.assimilation.closed_form import linear
from backends.background_error.scattered import ScatteredBackgroundError
from backends.errors import InputError
from backends.experiments.outcome import Outcome
from backends.geometry.grid import LatLonGrid
from backends.geometry.scattered import ScatteredPoints

#: Points along the longer side of the map.
POINTS = 90
#: Margin round the stations, as a share of their extent.
MARGIN = 0.06


@dataclass(frozen=True, eq=False)
class StationMap:
    """Increment x_a − x_b and posterior standard deviation on a grid over the stations, shape (ny, nx) each.

    The height of a grid point is that of the nearest station, where correlations depend on height.
    """

    grid: LatLonGrid
    increment: Tensor
    posterior_std: Tensor


def station_map(outcome: Outcome) -> StationMap:
    """Return the increment and the posterior error on a grid over all stations.

    With w = R⁻¹ (y − H x_a) of any solver, the increment at another place is its covariance with the observations times w.
    """
    B, domain = outcome.problem.background_error, outcome.case.domain
    if not (isinstance(B, ScatteredBackgroundError) and isinstance(domain, ScatteredPoints)):
        raise InputError("a map between stations needs a case of stations")
    grid = _grid(domain)
    nodes = grid.nodes()
    nearest = domain.distance(grid.coordinates(), domain.coordinates()).argmin(1)
    cross = B.to_places(nodes, domain.height[nearest])  # (grid, stations)
    H = linear(outcome.problem)
    increment = cross @ H.adjoint(outcome.analysis.dual)
    to_observations = torch.where(outcome.used[:, None], H(cross).T.double(), 0.0)
    white = torch.linalg.solve_triangular(outcome.covariance.factor, to_observations, upper=False)
    variance = outcome.sigma_b**2 - white.square().sum(0)
    return StationMap(grid, increment.reshape(grid.shape), variance.clamp(min=0).sqrt().reshape(grid.shape))


def _grid(domain: ScatteredPoints) -> LatLonGrid:
    latitude, longitude = domain.points.latitude, domain.points.longitude
    south, north = float(latitude.min()), float(latitude.max())
    west, east = float(longitude.min()), float(longitude.max())
    margin_y, margin_x = MARGIN * max(north - south, 0.1), MARGIN * max(east - west, 0.1)
    south, north = max(south - margin_y, -90.0), min(north + margin_y, 90.0)
    west, east = west - margin_x, min(east + margin_x, west - margin_x + 356)
    shrink = math.cos(math.radians((south + north) / 2)) if north - south < 120 else 1.0
    width, height = (east - west) * max(shrink, 0.2), north - south
    nx, ny = (max(8, round(POINTS * side / max(width, height))) for side in (width, height))
    return LatLonGrid(
        torch.linspace(south, north, ny, dtype=latitude.dtype, device=latitude.device),
        torch.linspace(west, east, nx, dtype=latitude.dtype, device=latitude.device),
    )

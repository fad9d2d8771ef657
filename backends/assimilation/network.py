"""Observing networks: where the observations of a twin experiment are taken."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import EARTH_RADIUS_KM, Points, great_circle_distance
from backends.observations import BilinearInterpolation

#: A place this close to another, as a fraction of the grid's height, counts as the same when clicked.
REACH = 0.02
PLACEMENTS = ("random", "grid", "clicked")


@dataclass(frozen=True)
class Network:
    """How observations are placed.

    Attributes
    ----------
    placement
        ``random``: uniform over the area of the domain; ``grid``: evenly over latitude and longitude, about `count` of
        them; ``clicked``: exactly the places in `places`.
    count
        Number of observations p wanted; ``clicked`` ignores it.
    seed
        Seed of the random places and of the observation noise.
    places
        (latitude, longitude) pairs in degrees.
    """

    placement: str = "random"
    count: int = 100
    seed: int = 0
    places: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.placement not in PLACEMENTS:
            raise InputError(f"the placement of observations must be one of {', '.join(PLACEMENTS)}; came {self.placement!r}")
        if self.placement != "clicked" and self.count < 1:
            raise InputError(f"the number of observations must be at least 1; came {self.count}")


def place(network: Network, grid: LatLonGrid, valid: Tensor) -> Points:
    """Return the observed places on a grid.

    Random places come from one fixed sequence per seed, of which the first `count` are taken: asking for more adds
    observations and moves none.

    Parameters
    ----------
    network
        What to place.
    grid
        The domain.
    valid
        Shape (n,), boolean: the grid points that have values. Places that need any other are left out.

    Raises
    ------
    InputError
        If more observations are asked for than there are grid points with values, a clicked place lies outside the
        domain or on missing values, or too few places with values are found.
    """
    available = int(valid.sum())
    wanted = len(network.places) if network.placement == "clicked" else network.count
    if wanted > available:
        raise InputError(f"{wanted} observations were asked for, but the field has only {available} grid points with values")
    if network.placement == "clicked":
        points = _points([p[0] for p in network.places], [p[1] for p in network.places], grid)
        missing = ~_has_values(points, grid, valid)
        if bool(missing.any()):
            raise InputError(f"{int(missing.sum())} of the clicked observations lie where the field has no values")
        return points
    if network.placement == "grid":
        points = _regular(network.count, grid)
        return points[_has_values(points, grid, valid)]
    return _random(network, grid, valid)


def toggled(
    places: Sequence[tuple[float, float]], latitude: float, longitude: float, grid: LatLonGrid
) -> list[tuple[float, float]]:
    """Return the places without those within reach of the given one, or with it added where none is.

    The reach is 2 % of the grid's height, about what a finger or a pointer can hit.
    """
    reach = REACH * float(grid.latitude[-1] - grid.latitude[0]) * math.pi / 180 * EARTH_RADIUS_KM
    here = _points([latitude], [longitude], grid)
    distance = great_circle_distance(_points([p[0] for p in places], [p[1] for p in places], grid), here).flatten().tolist()
    beyond = [place for place, apart in zip(places, distance, strict=True) if apart > reach]
    return beyond if len(beyond) < len(places) else [*places, (latitude, longitude)]


def _random(network: Network, grid: LatLonGrid, valid: Tensor) -> Points:
    generator = torch.Generator().manual_seed(network.seed)
    west, south, north = grid.longitude[0].item(), grid.latitude[0].item(), grid.latitude[-1].item()
    east = west + 360 if grid.periodic else grid.longitude[-1].item()
    sines = math.sin(math.radians(south)), math.sin(math.radians(north))
    kept: list[Points] = []
    for _ in range(64):  # blocks of one sequence, so that the first places do not depend on how many are wanted
        u = torch.rand(1024, 2, generator=generator, dtype=torch.float64)
        latitude = torch.rad2deg(torch.asin(sines[0] + (sines[1] - sines[0]) * u[:, 0])).clamp(south, north)
        points = _points(latitude, west + (east - west) * u[:, 1], grid)
        kept.append(points[_has_values(points, grid, valid)])
        if sum(map(len, kept)) >= network.count:
            break
    else:
        raise InputError(
            f"only {sum(map(len, kept))} of {network.count} random observations found a place where the field has values"
        )
    latitude, longitude = torch.cat([p.latitude for p in kept]), torch.cat([p.longitude for p in kept])
    return Points(latitude[: network.count], longitude[: network.count])


def _regular(count: int, grid: LatLonGrid) -> Points:
    """Place rows x columns ≤ count points, half a spacing away from the edges, with spacings alike in km."""
    west, east, south, north = grid.edges()
    middle = math.cos(math.radians((south + north) / 2))
    aspect = max((east - west) * middle, 1e-9) / (north - south)
    rows = max(1, min(count, round(math.sqrt(count / aspect))))
    columns = max(1, count // rows)
    latitude = grid.latitude[0].item() + (grid.latitude[-1] - grid.latitude[0]).item() * _centres(rows)
    longitude = grid.longitude[0].item() + (grid.longitude[-1] - grid.longitude[0]).item() * _centres(columns)
    rowwise, columnwise = torch.meshgrid(latitude, longitude, indexing="ij")
    return _points(rowwise.flatten(), columnwise.flatten(), grid)


def _centres(count: int) -> Tensor:
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count


def _points(latitude: Tensor | list[float], longitude: Tensor | list[float], grid: LatLonGrid) -> Points:
    dtype, device = grid.latitude.dtype, grid.latitude.device
    return Points(torch.as_tensor(latitude, dtype=dtype, device=device), torch.as_tensor(longitude, dtype=dtype, device=device))


def _has_values(points: Points, grid: LatLonGrid, valid: Tensor) -> Tensor:
    field = torch.where(valid, 0.0, torch.nan).to(grid.latitude.dtype)
    return torch.isfinite(BilinearInterpolation(grid, points)(field))

"""Observations: where they are, how the state maps to them, how wrong they are."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.grid import LatLonGrid
from backends.geometry.sphere import Points


@dataclass(frozen=True, eq=False)
class Observations:
    """Observed values y, shape (..., p), in the unit of the state, at `points` (p places).

    Raises
    ------
    InputError
        If the number of values is not the number of places, or a value is not finite.
    """

    values: Tensor
    points: Points

    def __post_init__(self) -> None:
        if self.values.shape[-1] != len(self.points):
            raise InputError(f"{self.values.shape[-1]} observed values came for {len(self.points)} places")
        if not bool(torch.isfinite(self.values).all()):
            bad = int((~torch.isfinite(self.values)).sum())
            raise InputError(f"observed values must be finite; {bad} of {self.values.numel()} are NaN or infinite")


@dataclass(frozen=True)
class ObservationError:
    """R = σ_o² I: errors of equal size, independent of each other.

    Attributes
    ----------
    sigma
        Standard deviation σ_o of the observation error, in the unit of the observations.

    Raises
    ------
    InputError
        If σ_o is not positive: R must be invertible, an observation without error has no place in J_o.
    """

    sigma: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sigma) and self.sigma > 0):
            raise InputError(
                f"the observation error σ_o must be a positive number, R = σ_o² I is inverted in the cost; came {self.sigma:g}"
            )

    @property
    def variance(self) -> float:
        """Variance σ_o²."""
        return self.sigma**2


class BilinearInterpolation:
    """The linear observation operator H that interpolates a gridded state to points.

    Weights are bilinear in latitude and longitude; on a periodic grid the last column's neighbour is the first.

    Attributes
    ----------
    grid, points
        The state's grid (n points) and the p places observed.
    index, weight
        Shape (p, 4): the grid points around each place, and their weights, which sum to one.

    Raises
    ------
    InputError
        If a place lies outside the grid.
    """

    def __init__(self, grid: LatLonGrid, points: Points) -> None:
        self.grid, self.points = grid, points
        _, nx = grid.shape
        west, south, north = grid.longitude[0], grid.latitude[0], grid.latitude[-1]
        east = west + 360 if grid.periodic else grid.longitude[-1]
        longitude = west + (points.longitude - west) % 360
        # A place exactly on the western edge may come out a rounding error short of a full turn.
        longitude = torch.where(longitude - west > 360 - 1e-9, west, longitude)
        latitude = points.latitude
        outside = (latitude < south - 1e-9) | (latitude > north + 1e-9) | (longitude > east + 1e-9)
        if bool(outside.any()):
            k = int(outside.nonzero()[0, 0])
            raise InputError(
                f"observation {k + 1} at {float(latitude[k]):.2f}°N {float(longitude[k]):.2f}°E lies outside the grid, "
                f"which spans {float(south):.2f} to {float(north):.2f}°N and {float(west):.2f} to {float(east):.2f}°E"
            )
        columns = torch.cat([grid.longitude, east[None]]) if grid.periodic else grid.longitude
        row, up = _bracket(grid.latitude, latitude)
        column, right = _bracket(columns, longitude)
        neighbour = (column + 1) % nx
        self.index = torch.stack(
            [row * nx + column, row * nx + neighbour, (row + 1) * nx + column, (row + 1) * nx + neighbour], dim=-1
        )
        self.weight = torch.stack([(1 - up) * (1 - right), (1 - up) * right, up * (1 - right), up * right], dim=-1)

    def __call__(self, state: Tensor) -> Tensor:
        """Return H x, shape (..., p), of a state x of shape (..., n). A place is NaN where a point it needs is NaN."""
        corners = state[..., self.index]
        # A corner without weight must not make the value missing: 0 · NaN is NaN.
        return torch.where(self.weight == 0, torch.zeros_like(corners), corners * self.weight).sum(-1)

    def adjoint(self, values: Tensor) -> Tensor:
        """Return Hᵀ y, shape (..., n), of values y of shape (..., p)."""
        spread = (values[..., None] * self.weight).flatten(-2)
        result = values.new_zeros(*values.shape[:-1], self.grid.size)
        return result.index_add_(-1, self.index.flatten(), spread)


def _bracket(axis: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each position the index of the axis point at or below it, and the fraction of the way to the next."""
    lower = (torch.searchsorted(axis.contiguous(), position.contiguous(), right=True) - 1).clamp(0, len(axis) - 2)
    fraction = (position - axis[lower]) / (axis[lower + 1] - axis[lower])
    return lower, fraction.clamp(0, 1)

"""The periodic line, on which most lectures begin."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.domain import Rows, centres, one_hot_rows, rows_of


@dataclass(frozen=True, eq=False)
class PeriodicLine:
    """n points at even distances on [0, 1), where 1 is 0 again.

    Attributes
    ----------
    points
        Number of points n, at least 4.
    device, dtype
        Of its coordinates.

    Raises
    ------
    InputError
        If there are fewer than 4 points.
    """

    points: int
    device: torch.device = torch.device("cpu")  # noqa: RUF009  a constant, not a shared default
    dtype: torch.dtype = torch.float64

    names: ClassVar[tuple[str, ...]] = ("x",)
    units: ClassVar[tuple[str, ...]] = ("",)

    def __post_init__(self) -> None:
        if self.points < 4:
            raise InputError(f"a periodic line needs at least 4 points; came {self.points}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a state (n,)."""
        return (self.points,)

    @property
    def size(self) -> int:
        """Number of points n."""
        return self.points

    def coordinates(self) -> Tensor:
        """Return x of all points, shape (n, 1)."""
        return (torch.arange(self.points, device=self.device, dtype=self.dtype) / self.points)[:, None]

    def area_weights(self) -> Tensor:
        """Return 1/n for each point, shape (n,)."""
        return torch.full((self.points,), 1 / self.points, device=self.device, dtype=self.dtype)

    def uniform(self, u: Tensor) -> Tensor:
        """Return places (p, 1) from numbers of the unit interval (p, 2), of which the first is used."""
        return u[:, :1].to(self.device, self.dtype)

    def regular(self, count: int) -> Tensor:
        """Return `count` places at even distances, shape (count, 1)."""
        return centres(count)[:, None].to(self.device, self.dtype)

    def interpolation(self, places: Tensor) -> Rows:
        """Return the rows that interpolate linearly to x = places[:, 0]; every finite x lies on the line."""
        if not bool(torch.isfinite(places).all()):
            raise InputError("the places of observations must be finite; at least one is NaN or infinite")
        position = places[:, 0].remainder(1.0) * self.points
        left = position.floor()
        fraction = position - left
        lower = left.long().remainder(self.points)
        index = torch.stack([lower, (lower + 1).remainder(self.points)], dim=1)
        return Rows(self.size, index, torch.stack([1 - fraction, fraction], dim=1))

    def area_means(self, places: Tensor, radius: float) -> Rows:
        """Return the means over the points within a radius, the interpolation where there is none."""
        near = (self.distance(places, self.coordinates()) <= radius).to(self.dtype)
        point = self.interpolation(places)
        none = near.sum(1, keepdim=True) == 0
        means = torch.where(none, one_hot_rows(self.size, point.index, point.weight), near)
        return Rows(self.size, *rows_of(means / means.sum(1, keepdim=True)))

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the distances the shorter way round, shape (len(a), len(b)), at most ½."""
        apart = (a[:, None, 0] - b[None, :, 0]).remainder(1.0)
        return torch.minimum(apart, 1 - apart)

    def apart(self, places: Tensor, place: Tensor) -> Tensor:
        """Return the distances from one place, shape (p,)."""
        return self.distance(places, place[None])[:, 0]

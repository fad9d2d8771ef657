"""Scattered points on the sphere with heights: stations."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.domain import Rows
from backends.geometry.sphere import Points, great_circle_distance


@dataclass(frozen=True, eq=False)
class ScatteredPoints:
    """A state with one value at each of n stations.

    Attributes
    ----------
    points
        Where they are.
    height
        Above mean sea level, m, shape (n,).

    Raises
    ------
    InputError
        If the numbers differ, or a height is not finite.
    """

    points: Points
    height: Tensor

    names: ClassVar[tuple[str, ...]] = ("latitude", "longitude")
    units: ClassVar[tuple[str, ...]] = ("°N", "°E")

    def __post_init__(self) -> None:
        if self.height.shape != (len(self.points),):
            raise InputError(f"{len(self.points)} stations need as many heights; came shape {tuple(self.height.shape)}")
        if not bool(torch.isfinite(self.height).all()):
            raise InputError("the heights of stations must be finite; at least one is NaN or infinite")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a state (n,)."""
        return (len(self.points),)

    @property
    def size(self) -> int:
        """Number of stations n."""
        return len(self.points)

    def coordinates(self) -> Tensor:
        """Return (latitude, longitude) of all stations, shape (n, 2)."""
        return torch.stack([self.points.latitude, self.points.longitude], dim=1)

    def area_weights(self) -> Tensor:
        """Return 1/n for each station, shape (n,)."""
        return torch.full_like(self.height, 1 / self.size)

    def choose(self, which: Tensor) -> Rows:
        """Return the rows that pick stations by their numbers (p,)."""
        return Rows(self.size, which[:, None], torch.ones_like(self.height[which])[:, None])

    def interpolation(self, places: Tensor) -> Rows:
        """Return the rows that pick the stations at the given places; there is nothing in between."""
        apart = self.distance(places, self.coordinates())
        nearest = apart.min(1) if len(places) else None
        if nearest is not None and float(nearest.values.max()) > 0.01:
            raise InputError("an observation lies at no station; stations are observed where they are")
        return self.choose(nearest.indices if nearest is not None else torch.zeros(0, dtype=torch.long))

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return great-circle distances between places (latitude, longitude), km, shape (len(a), len(b))."""
        return great_circle_distance(Points(a[:, 0], a[:, 1]), Points(b[:, 0], b[:, 1]))

    def apart(self, places: Tensor, place: Tensor) -> Tensor:
        """Return how far places are from one, as fractions of the network's height, shape (p,)."""
        height = float(self.points.latitude.max() - self.points.latitude.min()) * 111.2
        return self.distance(places, place[None])[:, 0] / max(height, 1.0)

    def uniform(self, u: Tensor) -> Tensor:
        """Stations are where they are."""
        raise InputError("stations are where they are; observations cannot be placed among them")

    def regular(self, count: int) -> Tensor:
        """Stations are where they are."""
        raise InputError("stations are where they are; observations cannot be placed among them")

    def area_means(self, places: Tensor, radius: float) -> Rows:
        """Stations are points."""
        raise InputError("stations observe points; there is no area to average over")

"""What a map projection offers, and the plainest of them."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

#: Ends of a map: least and greatest x, least and greatest y.
Bounds = tuple[float, float, float, float]


class Projection(Protocol):
    """A map projection of the unit sphere; a frozen dataclass, so that equal ones are one key of a cache.

    Formulas that name no other source are Snyder, J. P. (1987): Map projections, a working manual. USGS Professional
    Paper 1395; equation numbers are his.
    """

    @property
    def seam(self) -> float | None:
        """The meridian along which the map is cut open, degrees east; None where it is cut along its edge alone."""
        ...

    @property
    def bounds(self) -> Bounds:
        """The rectangle round the whole map."""
        ...

    def forward(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y of places in degrees, on any branch of the longitude; NaN for those that the map does not show."""
        ...

    def inverse(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return latitude and longitude (−180 to 180) of points of the map, degrees; NaN beside the map."""
        ...

    def outline(self) -> Tensor:
        """Return the map's edge as a closed line (k, 2) of x and y."""
        ...


def wrapped(longitude: Tensor) -> Tensor:
    """Return longitudes, degrees, on the branch from −180 up to 180."""
    return torch.remainder(longitude + 180, 360) - 180


def masked(shown: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
    """Return two tensors with NaN where nothing is shown."""
    a, b = (torch.where(shown, value, torch.nan) for value in values)
    return a, b


def circle(radius: float) -> Tensor:
    """Return a closed circle round the origin, (361, 2)."""
    turn = torch.linspace(0, 2 * math.pi, 361, dtype=torch.float64)
    return radius * torch.stack([turn.cos(), turn.sin()], dim=1)


def rectangle(bounds: Bounds) -> Tensor:
    """Return the closed edge of a rectangle, (5, 2)."""
    left, right, bottom, top = bounds
    corners = [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]
    return torch.tensor(corners, dtype=torch.float64)


class Uncut:
    """A map of a part of the Earth that ends at a line of its own: a horizon, or the equator."""

    @property
    def seam(self) -> None:
        """There is none."""
        return


class CutOpposite:
    """A map of all longitudes, cut open opposite of `longitude`, its middle."""

    longitude: float

    @property
    def seam(self) -> float:
        """Opposite of the middle, degrees east."""
        return self.longitude + 180


@dataclass(frozen=True)
class LatLon:
    """Latitude and longitude as they are (equidistant cylindrical, 12-1 and 12-2), x and y in degrees.

    `center` is the meridian in the middle; x counts on from there, so that it may run past 180.
    """

    center: float = 0.0

    @property
    def seam(self) -> float:
        """Opposite of the middle."""
        return self.center + 180

    @property
    def bounds(self) -> Bounds:
        """All of the Earth."""
        return self.center - 180, self.center + 180, -90.0, 90.0

    def forward(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return longitude and latitude."""
        return self.center + wrapped(longitude - self.center), latitude

    def inverse(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return latitude and longitude."""
        return masked((y.abs() <= 90) & ((x - self.center).abs() <= 180), y, wrapped(x))

    def outline(self) -> Tensor:
        """Return the rectangle of the whole Earth."""
        return rectangle(self.bounds)

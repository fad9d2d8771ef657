"""The Earth as it is seen from afar: from infinitely far, and from a geostationary satellite."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.geometry.projections.projection import Bounds, Uncut, circle, masked, wrapped
from backends.geometry.sphere import EARTH_RADIUS_KM

#: Height of a geostationary satellite above the ground, km (CGMS LRIT/HRIT global specification, 4.4.3.2: 42164 km from
#: the centre of an Earth whose radius at the equator is 6378.137 km).
SATELLITE_KM = 42164.0 - 6378.137


@dataclass(frozen=True)
class Orthographic(Uncut):
    """The globe from infinitely far above a place (20-3, 20-4, and 20-14, 20-15 as arctangents), x and y in Earth radii."""

    latitude: float = 0.0
    longitude: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """The square round the globe."""
        return -1.0, 1.0, -1.0, 1.0

    def forward(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y; NaN beyond the horizon."""
        phi, lam = torch.deg2rad(latitude), torch.deg2rad(longitude - self.longitude)
        phi0 = math.radians(self.latitude)
        x = phi.cos() * lam.sin()
        y = math.cos(phi0) * phi.sin() - math.sin(phi0) * phi.cos() * lam.cos()
        towards = math.sin(phi0) * phi.sin() + math.cos(phi0) * phi.cos() * lam.cos()
        return masked(towards >= 0, x, y)

    def inverse(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return latitude and longitude of points of the disc."""
        phi0 = math.radians(self.latitude)
        towards = (1 - x**2 - y**2).sqrt()  # NaN beside the disc
        # The point in the frame of the Earth: its axis, and the meridian of the middle.
        up = towards * math.sin(phi0) + y * math.cos(phi0)
        front = towards * math.cos(phi0) - y * math.sin(phi0)
        latitude = torch.rad2deg(torch.atan2(up, torch.hypot(front, x)))
        return latitude, wrapped(self.longitude + torch.rad2deg(torch.atan2(x, front)))

    def outline(self) -> Tensor:
        """Return the horizon."""
        return circle(1.0)


@dataclass(frozen=True)
class Geostationary(Uncut):
    """The globe from a geostationary satellite: x and y are the angles of its scan, radians, mirror sweeping along y.

    CGMS LRIT/HRIT global specification (CGMS 03, 2013), 4.4.3.2, with a sphere for the ellipsoid.
    """

    longitude: float = 0.0

    @property
    def distance(self) -> float:
        """Of the satellite from the centre of the Earth, in Earth radii."""
        return 1 + SATELLITE_KM / EARTH_RADIUS_KM

    @property
    def bounds(self) -> Bounds:
        """The square round the disc."""
        edge = math.asin(1 / self.distance)
        return -edge, edge, -edge, edge

    def forward(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y; NaN where the satellite does not see."""
        phi, lam = torch.deg2rad(latitude), torch.deg2rad(longitude - self.longitude)
        front, right, up = phi.cos() * lam.cos(), phi.cos() * lam.sin(), phi.sin()
        away = self.distance - front
        return masked(front >= 1 / self.distance, torch.atan2(right, away), torch.atan2(up, torch.hypot(right, away)))

    def inverse(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return latitude and longitude of the points where the lines of sight meet the Earth first."""
        # A line of sight is (distance, 0, 0) + s (−1, right, up); it meets the unit sphere where a s² − 2 b s + c = 0.
        right = x.tan()
        up = y.tan() * torch.hypot(right, torch.ones_like(right))
        a, b, c = 1 + right**2 + up**2, self.distance, self.distance**2 - 1
        s = (b - (b**2 - a * c).sqrt()) / a  # NaN beside the Earth
        front = self.distance - s
        latitude = torch.rad2deg(torch.atan2(s * up, torch.hypot(front, s * right)))
        return latitude, wrapped(self.longitude + torch.rad2deg(torch.atan2(s * right, front)))

    def outline(self) -> Tensor:
        """Return the horizon: the lines of sight that touch the sphere lie on a cone, which is no circle in scan angles."""
        edge = math.tan(math.asin(1 / self.distance))
        right, up = circle(edge).T
        return torch.stack([right.atan(), torch.atan2(up, torch.hypot(right, torch.ones_like(right)))], dim=1)

"""The three classical projections that keep angles: on a cylinder, on a plane at a pole, and on a cone."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.projections.projection import Bounds, CutOpposite, Uncut, circle, masked, rectangle, wrapped

#: Mercator maps end at this latitude, as its pole lies infinitely far away.
MERCATOR_LIMIT = 84.0


@dataclass(frozen=True)
class Mercator(CutOpposite):
    """Mercator's projection (7-1, 7-2 and 7-4), x and y in Earth radii at the equator, up to 84 degrees of latitude."""

    longitude: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """The full circle, up to the limit."""
        top = math.asinh(math.tan(math.radians(MERCATOR_LIMIT)))
        return -math.pi, math.pi, -top, top

    def forward(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y; NaN beyond the limit."""
        y = torch.asinh(torch.deg2rad(latitude).tan())
        return masked(latitude.abs() <= MERCATOR_LIMIT, torch.deg2rad(wrapped(longitude - self.longitude)), y)

    def inverse(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return latitude and longitude."""
        latitude = torch.rad2deg(y.sinh().atan())
        shown = (x.abs() <= math.pi) & (latitude.abs() <= MERCATOR_LIMIT + 1e-9)
        return masked(shown, latitude, wrapped(self.longitude + torch.rad2deg(x)))

    def outline(self) -> Tensor:
        """Return the rectangle of the map."""
        return rectangle(self.bounds)


@dataclass(frozen=True)
class PolarStereographic(Uncut):
    """A hemisphere from above its pole (21-5 to 21-12 with 20-18), true to scale there, x and y in Earth radii.

    `pole` is 1 for the north and −1 for the south; `longitude` points down from the north pole, up from the south pole.
    """

    pole: int = 1
    longitude: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """The square round the hemisphere."""
        return -2.0, 2.0, -2.0, 2.0

    def forward(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y; NaN in the other hemisphere."""
        lam = torch.deg2rad(longitude - self.longitude)
        radius = 2 * torch.deg2rad(45 - self.pole * latitude / 2).tan()
        return masked(self.pole * latitude >= 0, radius * lam.sin(), -self.pole * radius * lam.cos())

    def inverse(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return latitude and longitude of points of the disc."""
        radius = torch.hypot(x, y)
        latitude = self.pole * (90 - 2 * torch.rad2deg((radius / 2).atan()))
        longitude = self.longitude + torch.rad2deg(torch.atan2(x, -self.pole * y))
        return masked(radius <= 2, latitude, wrapped(longitude))

    def outline(self) -> Tensor:
        """Return the equator."""
        return circle(2.0)


@dataclass(frozen=True)
class LambertConformal(CutOpposite):
    """A hemisphere on a cone that cuts the sphere at two latitudes (15-1 to 15-5, 14-10, 14-11), x and y in Earth radii.

    Attributes
    ----------
    longitude
        The meridian that runs straight up.
    first, second
        Latitudes that are true to scale; both in the hemisphere that is shown.

    Raises
    ------
    InputError
        If the two latitudes do not lie between a pole and the equator in the same hemisphere.
    """

    longitude: float = 0.0
    first: float = 30.0
    second: float = 60.0

    def __post_init__(self) -> None:
        if self.first * self.second <= 0 or max(abs(self.first), abs(self.second)) >= 90:
            raise InputError(
                "the latitudes of a Lambert projection must lie between the equator and one pole; came "
                f"{self.first:g} and {self.second:g}"
            )

    @property
    def cone(self) -> tuple[float, float, float]:
        """Its constant n, the factor F, and the radius of the middle of both latitudes; the first has the hemisphere's sign."""
        one, two = math.radians(self.first), math.radians(self.second)
        if abs(self.first - self.second) < 1e-9:
            n = math.sin(one)
        else:
            n = math.log(math.cos(one) / math.cos(two)) / math.log(_stretch(two) / _stretch(one))
        factor = math.cos(one) * _stretch(one) ** n / n
        return n, factor, factor / _stretch((one + two) / 2) ** n

    @property
    def bounds(self) -> Bounds:
        """The rectangle round the fan."""
        edge = self.outline()
        (left, bottom), (right, top) = edge.amin(0).tolist(), edge.amax(0).tolist()
        return left, right, bottom, top

    def forward(self, latitude: Tensor, longitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y; NaN in the other hemisphere."""
        n, factor, middle = self.cone
        # The far pole's radius is infinite; it is in the hemisphere that is not shown.
        radius = factor / torch.deg2rad(45 + latitude.clamp(-89.999999999, 89.999999999) / 2).tan() ** n
        radius = torch.where(latitude.abs() >= 90, torch.zeros_like(radius), radius)
        angle = n * torch.deg2rad(wrapped(longitude - self.longitude))
        return masked(n * latitude >= 0, radius * angle.sin(), middle - radius * angle.cos())

    def inverse(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return latitude and longitude of points of the fan."""
        n, factor, middle = self.cone
        sign = math.copysign(1.0, n)
        radius = sign * torch.hypot(x, middle - y)
        angle = torch.atan2(sign * x, sign * (middle - y))
        latitude = 2 * torch.rad2deg(((factor / radius) ** (1 / n)).atan()) - 90
        shown = (angle.abs() <= abs(n) * math.pi) & (sign * latitude >= -1e-9)
        return masked(shown, latitude, wrapped(self.longitude + torch.rad2deg(angle) / n))

    def outline(self) -> Tensor:
        """Return the edge of the fan: along the equator, and over the pole back to its beginning."""
        n, factor, middle = self.cone
        angle = n * torch.linspace(-math.pi, math.pi, 361, dtype=torch.float64)
        arc = torch.stack([factor * angle.sin(), middle - factor * angle.cos()], dim=1)
        tip = torch.tensor([[0.0, middle]], dtype=torch.float64)
        return torch.cat([arc, tip, arc[:1]])


def _stretch(phi: float) -> float:
    return math.tan(math.pi / 4 + phi / 2)

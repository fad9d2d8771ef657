"""Points on the sphere and the distances between them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError

#: Mean radius of the Earth, km (IUGG mean radius R1, rounded).
EARTH_RADIUS_KM = 6371.0


@dataclass(frozen=True, eq=False)
class Points:
    """Places on the sphere.

    Attributes
    ----------
    latitude, longitude
        Tensors of shape (p,), degrees north and degrees east. Longitudes may lie on any branch (−180–180 or 0–360).

    Raises
    ------
    InputError
        If the shapes differ, a coordinate is not finite, or a latitude lies beyond a pole.
    """

    latitude: Tensor
    longitude: Tensor

    def __post_init__(self) -> None:
        if self.latitude.ndim != 1 or self.latitude.shape != self.longitude.shape:
            raise InputError(
                "points need one latitude and one longitude each; came "
                f"{tuple(self.latitude.shape)} latitudes and {tuple(self.longitude.shape)} longitudes"
            )
        if not bool(torch.isfinite(self.latitude).all() & torch.isfinite(self.longitude).all()):
            raise InputError("the coordinates of points must be finite; at least one is NaN or infinite")
        if bool((self.latitude.abs() > 90 + 1e-9).any()):
            worst = float(self.latitude[self.latitude.abs().argmax()])
            raise InputError(f"a latitude must lie between −90 and 90 degrees; came {worst:g}")

    def __len__(self) -> int:
        return self.latitude.shape[0]

    def __getitem__(self, index: Tensor | slice) -> "Points":
        return Points(self.latitude[index], self.longitude[index])

    def unit_vectors(self) -> Tensor:
        """Return the points as unit vectors from the Earth's centre, shape (p, 3)."""
        phi, lam = torch.deg2rad(self.latitude), torch.deg2rad(self.longitude)
        return torch.stack([phi.cos() * lam.cos(), phi.cos() * lam.sin(), phi.sin()], dim=-1)


def great_circle_distance(a: Points, b: Points) -> Tensor:
    """Return the great-circle distances between all points of `a` and all of `b`, km, shape (len(a), len(b)).

    From the chord c between the unit vectors, d = 2 R asin(c / 2). The chord is taken from coordinate differences, not
    from a dot product, which would lose all digits for neighbouring points.
    """
    chord = torch.cdist(a.unit_vectors(), b.unit_vectors(), compute_mode="donot_use_mm_for_euclid_dist")
    return 2 * EARTH_RADIUS_KM * torch.asin((chord / 2).clamp(max=1.0))


def nearest(points: Points, latitude: float, longitude: float) -> tuple[int, float]:
    """Return which of some points is nearest to a place (degrees north and east), and its great-circle distance, km."""
    place = Points(*(torch.tensor([value]).to(points.latitude) for value in (latitude, longitude)))
    distance, index = great_circle_distance(place, points)[0].min(0)
    return int(index), float(distance)

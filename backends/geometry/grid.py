"""Latitude–longitude grids, as every field in Assimilab is kept: south to north, west to east, without a seam."""

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.sphere import Points


@dataclass(frozen=True, eq=False)
class LatLonGrid:
    """A rectilinear grid; the spacing may be uneven, as the latitudes of a Gaussian grid are.

    Attributes
    ----------
    latitude
        Shape (ny,), degrees north, strictly increasing.
    longitude
        Shape (nx,), degrees east, strictly increasing over less than 360 degrees. It may run past 180 where the
        domain crosses the dateline.

    Raises
    ------
    InputError
        If a coordinate is not finite, not increasing, too short to be a grid, or wraps onto itself.
    """

    latitude: Tensor
    longitude: Tensor

    def __post_init__(self) -> None:
        for name, axis in (("latitude", self.latitude), ("longitude", self.longitude)):
            if axis.ndim != 1 or len(axis) < 2:
                raise InputError(f"a grid needs at least two {name}s in one row; came shape {tuple(axis.shape)}")
            if not bool(torch.isfinite(axis).all()):
                raise InputError(f"the grid's {name}s must be finite; at least one is NaN or infinite")
            if not bool((axis.diff() > 0).all()):
                raise InputError(f"the grid's {name}s must increase strictly; at least two are equal or out of order")
        if float(self.latitude.abs().max()) > 90 + 1e-6:
            raise InputError(
                f"the grid's latitudes must lie between −90 and 90 degrees; came {float(self.latitude.min()):g} "
                f"to {float(self.latitude.max()):g}"
            )
        if float(self.longitude[-1] - self.longitude[0]) >= 360:
            raise InputError(
                f"the grid's longitudes must span less than 360 degrees; came {float(self.longitude[0]):g} "
                f"to {float(self.longitude[-1]):g}"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns (ny, nx)."""
        return len(self.latitude), len(self.longitude)

    @property
    def size(self) -> int:
        """Number of grid points n = ny · nx."""
        return len(self.latitude) * len(self.longitude)

    @property
    def periodic(self) -> bool:
        """Whether the last column's eastern neighbour is the first: the gap over the seam is no wider than a step."""
        gap = 360 - float(self.longitude[-1] - self.longitude[0])
        return gap <= 1.5 * float(self.longitude.diff().max())

    def to(self, device: torch.device, dtype: torch.dtype) -> "LatLonGrid":
        """Return the grid on another device and in another precision."""
        return LatLonGrid(self.latitude.to(device, dtype), self.longitude.to(device, dtype))

    def nodes(self) -> Points:
        """Return all grid points, row by row from the south-west corner, as the state vector orders them."""
        latitude, longitude = torch.meshgrid(self.latitude, self.longitude, indexing="ij")
        return Points(latitude.flatten(), longitude.flatten())

    def edges(self) -> tuple[float, float, float, float]:
        """Return west, east, south, north of the cells' outer edges, half a step past the outer points.

        Where the outer points are the poles themselves, the edges lie half a step beyond them.
        """

        def outer(axis: Tensor) -> tuple[float, float]:
            first, last = float(axis[0]), float(axis[-1])
            return first - float(axis[1] - axis[0]) / 2, last + float(axis[-1] - axis[-2]) / 2

        west, east = outer(self.longitude)
        south, north = outer(self.latitude)
        return west, east, south, north

    def area_weights(self) -> Tensor:
        """Return weights of shape (n,) that sum to one, proportional to cos φ, the relative area of a grid cell."""
        row = torch.deg2rad(self.latitude).cos().clamp(min=0)
        weights = row[:, None].expand(self.shape).flatten()
        return weights / weights.sum()

    def nearest(self, latitude: float, longitude: float) -> tuple[int, int]:
        """Return row and column of the grid point nearest to a place inside the domain.

        Raises
        ------
        InputError
            If the place lies outside the area that the grid cells cover.
        """
        west, east, south, north = self.edges()
        # The branch of the longitude (−180–180 or 0–360) must not matter.
        longitude = west + (longitude - west) % 360
        if not (south <= latitude <= north) or not (longitude <= east or self.periodic):
            raise InputError(
                f"the place {latitude:.2f}°N {longitude:.2f}°E lies outside the field, which covers "
                f"{south:.2f} to {north:.2f}°N and {west:.2f} to {east:.2f}°E"
            )
        apart = (self.longitude - longitude + 180) % 360 - 180
        return int((self.latitude - latitude).abs().argmin()), int(apart.abs().argmin())

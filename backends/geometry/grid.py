"""Latitude–longitude grids, as every field in Assimilab is kept: south to north, west to east, without a seam."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.domain import Rows, bracket, centres, one_hot_rows, rows_of
from backends.geometry.sphere import EARTH_RADIUS_KM, Points, great_circle_distance


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

    names: ClassVar[tuple[str, ...]] = ("latitude", "longitude")
    units: ClassVar[tuple[str, ...]] = ("°N", "°E")

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

    def coordinates(self) -> Tensor:
        """Return (latitude, longitude) of all grid points in the order of the state vector, shape (n, 2)."""
        nodes = self.nodes()
        return torch.stack([nodes.latitude, nodes.longitude], dim=1)

    def uniform(self, u: Tensor) -> Tensor:
        """Return places (latitude, longitude), shape (p, 2), even by area, from numbers of the unit interval (p, 2)."""
        u = u.to(self.latitude)
        west, east, south, north = self._span()
        low, high = math.sin(math.radians(south)), math.sin(math.radians(north))
        latitude = torch.rad2deg(torch.asin(low + (high - low) * u[:, 0])).clamp(south, north)
        return torch.stack([latitude, west + (east - west) * u[:, 1]], dim=1)

    def regular(self, count: int) -> Tensor:
        """Return rows x columns ≤ count places, half a spacing away from the edges, with spacings alike in km."""
        west, east, south, north = self.edges()
        middle = math.cos(math.radians((south + north) / 2))
        aspect = max((east - west) * middle, 1e-9) / (north - south)
        rows = max(1, min(count, round(math.sqrt(count / aspect))))
        west, east, south, north = self._span()
        latitude = south + (north - south) * centres(rows)
        longitude = west + (east - west) * centres(max(1, count // rows))
        rowwise, columnwise = torch.meshgrid(latitude, longitude, indexing="ij")
        return torch.stack([rowwise.flatten(), columnwise.flatten()], dim=1).to(self.latitude)

    def interpolation(self, places: Tensor) -> Rows:
        """Return the rows that interpolate bilinearly in latitude and longitude to places (latitude, longitude)."""
        points = Points(places[:, 0], places[:, 1])
        nx = self.shape[1]
        west, east, south, north = self._span()
        longitude = west + (points.longitude - west) % 360
        # A place exactly on the western edge may come out a rounding error short of a full turn.
        longitude = torch.where(longitude - west > 360 - 1e-9, west, longitude)
        latitude = points.latitude
        outside = (latitude < south - 1e-9) | (latitude > north + 1e-9) | (longitude > east + 1e-9)
        if bool(outside.any()):
            k = int(outside.nonzero()[0, 0])
            raise InputError(
                f"observation {k + 1} at {float(latitude[k]):.2f}°N {float(longitude[k]):.2f}°E lies outside the grid, "
                f"which spans {south:.2f} to {north:.2f}°N and {west:.2f} to {east:.2f}°E"
            )
        columns = torch.cat([self.longitude, self.longitude.new_tensor([east])]) if self.periodic else self.longitude
        row, up = bracket(self.latitude, latitude)
        column, right = bracket(columns, longitude)
        neighbour = (column + 1) % nx
        index = torch.stack(
            [row * nx + column, row * nx + neighbour, (row + 1) * nx + column, (row + 1) * nx + neighbour], dim=-1
        )
        weight = torch.stack([(1 - up) * (1 - right), (1 - up) * right, up * (1 - right), up * right], dim=-1)
        return Rows(self.size, index, weight)

    def area_means(self, places: Tensor, radius: float) -> Rows:
        """Return the area-weighted means over the grid points within `radius` km, the interpolation where there is none."""
        point = self.interpolation(places)
        near = (self.distance(places, self.coordinates()) <= radius) * self.area_weights()
        none = near.sum(1, keepdim=True) == 0
        means = torch.where(none, one_hot_rows(self.size, point.index, point.weight), near)
        return Rows(self.size, *rows_of(means / means.sum(1, keepdim=True)))

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return great-circle distances between places (latitude, longitude), km, shape (len(a), len(b))."""
        return great_circle_distance(Points(a[:, 0], a[:, 1]), Points(b[:, 0], b[:, 1]))

    def apart(self, places: Tensor, place: Tensor) -> Tensor:
        """Return how far places are from one, as fractions of the grid's height, shape (p,)."""
        height = math.radians(float(self.latitude[-1] - self.latitude[0])) * EARTH_RADIUS_KM
        return self.distance(places, place[None])[:, 0] / height

    @property
    def even(self) -> bool:
        """Whether all steps in longitude are alike, but for the rounding of coordinates that files keep in float32."""
        steps = self.longitude.diff()
        return float(steps.max() - steps.min()) < 1e-3 * float(steps.mean())

    def _span(self) -> tuple[float, float, float, float]:
        """Return west, east, south, north of what can be interpolated to; a periodic grid spans the full turn."""
        west = float(self.longitude[0])
        east = west + 360 if self.periodic else float(self.longitude[-1])
        return west, east, float(self.latitude[0]), float(self.latitude[-1])

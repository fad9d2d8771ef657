"""The vertical plane: distance along a section, and height."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from backends.errors import InputError
from backends.geometry.domain import Rows, bracket, centres, one_hot_rows, outside, rows_of


@dataclass(frozen=True, eq=False)
class VerticalPlane:
    """A rectangular grid in x and z; a state has shape (nz, nx) and lies in memory row by row, index iz · nx + ix.

    Attributes
    ----------
    x, z
        Shape (nx,) and (nz,), km, increasing; at least two each.

    Raises
    ------
    InputError
        If an axis is too short or does not increase.
    """

    x: Tensor
    z: Tensor

    names: ClassVar[tuple[str, ...]] = ("x", "z")
    units: ClassVar[tuple[str, ...]] = ("km", "km")

    def __post_init__(self) -> None:
        for name, axis in (("x", self.x), ("z", self.z)):
            if axis.ndim != 1 or len(axis) < 2 or not bool((axis.diff() > 0).all()):
                raise InputError(f"the {name} axis of a vertical plane must increase over at least two points")

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns (nz, nx)."""
        return len(self.z), len(self.x)

    @property
    def size(self) -> int:
        """Number of points n = nz · nx."""
        return len(self.z) * len(self.x)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Least and greatest x, least and greatest z, km."""
        return float(self.x[0]), float(self.x[-1]), float(self.z[0]), float(self.z[-1])

    def coordinates(self) -> Tensor:
        """Return (x, z) of all points, shape (n, 2)."""
        z, x = torch.meshgrid(self.z, self.x, indexing="ij")
        return torch.stack([x.flatten(), z.flatten()], dim=1)

    def area_weights(self) -> Tensor:
        """Return 1/n for each point, shape (n,)."""
        return torch.full((self.size,), 1 / self.size, device=self.x.device, dtype=self.x.dtype)

    def uniform(self, u: Tensor) -> Tensor:
        """Return places (x, z), shape (p, 2), from numbers of the unit interval (p, 2)."""
        u = u.to(self.x)
        return self._low() + (self._high() - self._low()) * u

    def regular(self, count: int) -> Tensor:
        """Return about `count` places in rows and columns, as many columns per row as the grid has."""
        rows = max(1, min(count, round(math.sqrt(count * len(self.z) / len(self.x)))))
        z, x = torch.meshgrid(centres(rows), centres(max(1, count // rows)), indexing="ij")
        return self.uniform(torch.stack([x.flatten(), z.flatten()], dim=1))

    def columns(self, x: Tensor, levels: int) -> Tensor:
        """Return places in a vertical column of `levels` heights, evenly from bottom to top, at each x (c,)."""
        z = torch.linspace(float(self.z[0]), float(self.z[-1]), levels, dtype=self.z.dtype, device=self.z.device)
        return torch.stack([x.to(z).repeat_interleave(levels), z.repeat(len(x))], dim=1)

    def interpolation(self, places: Tensor) -> Rows:
        """Return the rows that interpolate bilinearly to (x, z)."""
        self._check(places)
        column, right = bracket(self.x, places[:, 0])
        row, up = bracket(self.z, places[:, 1])
        ends = torch.arange(2, device=places.device)
        across = one_hot_rows(len(self.x), column[:, None] + ends, torch.stack([1 - right, right], 1))
        along = one_hot_rows(len(self.z), row[:, None] + ends, torch.stack([1 - up, up], 1))
        return self._product(along, across)

    def area_means(self, places: Tensor, radius: float) -> Rows:
        """Return the means over the boxes that reach `radius` km to each side in x, and the same share of the height."""
        self._check(places)
        west, east, bottom, top = self.extent
        half = radius, radius * (top - bottom) / (east - west)
        near = []
        for axis, place, reach in ((self.z, places[:, 1], half[1]), (self.x, places[:, 0], half[0])):
            inside = (axis - place[:, None]).abs() <= reach
            nearest = (axis - place[:, None]).abs().argmin(1, keepdim=True)
            inside = inside.scatter(1, nearest, True)  # a box smaller than a cell still has one point
            near.append(inside.to(axis.dtype) / inside.sum(1, keepdim=True))
        return self._product(near[0], near[1])

    def channels(self, places: Tensor, width: float) -> Rows:
        """Return vertical weighting functions, like those of a satellite's channels.

        Each is a Gaussian of height around z with standard deviation `width` (km), normalised over the levels, at the x
        of its place.
        """
        self._check(places)
        weight = torch.softmax(-0.5 * ((self.z - places[:, 1:2]) / width).square(), dim=1)
        column, right = bracket(self.x, places[:, 0])
        index = column[:, None] + torch.arange(2, device=places.device)
        return self._product(weight, one_hot_rows(len(self.x), index, torch.stack([1 - right, right], 1)))

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the distances along a profile: |Δz| in km between places at one x, infinite between others."""
        same = (a[:, None, 0] - b[None, :, 0]).abs() < 1e-9
        return torch.where(same, (a[:, None, 1] - b[None, :, 1]).abs(), torch.inf)

    def apart(self, places: Tensor, place: Tensor) -> Tensor:
        """Return how far places are from one, in fractions of the plane's width and height, shape (p,)."""
        return ((places - place) / (self._high() - self._low())).norm(dim=1)

    def _low(self) -> Tensor:
        return torch.stack([self.x[0], self.z[0]])

    def _high(self) -> Tensor:
        return torch.stack([self.x[-1], self.z[-1]])

    def _check(self, places: Tensor) -> None:
        wrong = ~((places >= self._low() - 1e-9) & (places <= self._high() + 1e-9)).all(1)
        if bool(wrong.any()):
            west, east, bottom, top = self.extent
            raise outside(places, wrong, self.names, f"{west:g} to {east:g} km in x and {bottom:g} to {top:g} km in z")

    def _product(self, along: Tensor, across: Tensor) -> Rows:
        """Return the rows that are products of rows along z (p, nz) and along x (p, nx)."""
        iz, wz = rows_of(along)
        ix, wx = rows_of(across)
        index = (iz[:, :, None] * len(self.x) + ix[:, None, :]).flatten(1)
        return Rows(self.size, index, (wz[:, :, None] * wx[:, None, :]).flatten(1), (along, across))

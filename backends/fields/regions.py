"""Regions on a map, drawn by a person: boxes and polygons in latitude and longitude."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from backends.errors import InputError


class Region(Protocol):
    """A part of the Earth."""

    def holds(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return which places, degrees on any branch, lie in it; False for NaN."""
        ...

    def outline(self) -> tuple[np.ndarray, np.ndarray]:
        """Return longitudes and latitudes of its corners, the first repeated at the end."""
        ...


@dataclass(frozen=True)
class Polygon:
    """What lies within straight lines on a latitude–longitude map between corners (longitude, latitude), degrees.

    Longitudes go on past 180 where it lies across the dateline.

    Raises
    ------
    InputError
        If it has fewer than three corners, or one is not finite.
    """

    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.corners) < 3 or not np.isfinite(self.corners).all():
            raise InputError(f"a region needs three corners or more, of finite degrees; came {self.corners}")

    def holds(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return which places have an odd number of edges to their east (Shimrat, 1962, Commun. ACM 5, 434)."""
        x, y = np.array(self.corners).T
        middle = (x.min() + x.max()) / 2
        east = middle - 180 + (longitude - middle + 180) % 360
        odd = np.zeros(np.shape(latitude), dtype=bool)
        for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
            if y0 != y1:
                crosses = (y0 <= latitude) != (y1 <= latitude)
                odd ^= crosses & (east < x0 + (latitude - y0) * (x1 - x0) / (y1 - y0))
        return odd & np.isfinite(latitude) & np.isfinite(longitude)

    def outline(self) -> tuple[np.ndarray, np.ndarray]:
        """Return its corners."""
        x, y = np.array([*self.corners, self.corners[0]]).T
        return x, y


@dataclass(frozen=True)
class Box:
    """What lies between two latitudes and two longitudes, edges included; `east` runs past 180 across the dateline.

    Raises
    ------
    InputError
        If `south` is not below `north`, or `west` not below `east`.
    """

    west: float
    east: float
    south: float
    north: float

    def __post_init__(self) -> None:
        if not (self.south < self.north and self.west < self.east):
            raise InputError(f"the western and southern edges of a box must be below the others; came {self}")

    def holds(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return which places lie between its edges."""
        across = (longitude - self.west) % 360 <= self.east - self.west
        return across & (latitude >= self.south) & (latitude <= self.north)

    def outline(self) -> tuple[np.ndarray, np.ndarray]:
        """Return its four corners."""
        w, e, s, n = self.west, self.east, self.south, self.north
        return np.array([w, e, e, w, w]), np.array([s, s, n, n, s])

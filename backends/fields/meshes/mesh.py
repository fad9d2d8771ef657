"""What every kind of grid offers to those who draw it or look a place up."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from backends.errors import InputError

#: Places looked at to find what part of the Earth a grid covers.
SAMPLED = 200_000


class Mesh(Protocol):
    """Cells on the sphere, in the order of the values of a field."""

    @property
    def key(self) -> str:
        """Equal for equal grids, so that what is computed for one can be kept."""
        ...

    @property
    def kind(self) -> str:
        """What a person calls it: ``reduced Gaussian``."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a field on it; a cell's number counts along the last axis first."""
        ...

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Return latitudes and longitudes of all cells, degrees, each of shape (n,); NaN for cells that lie nowhere."""
        ...

    def locate(self, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        """Return the number of the cell that a place lies in, or is nearest to, int64; −1 outside, and for NaN.

        Parameters
        ----------
        latitude, longitude
            Degrees, of any one shape, longitudes on any branch.
        """
        ...

    def facts(self) -> dict[str, object]:
        """Return sizes and steps as plain values, for programs."""
        ...


@dataclass(frozen=True)
class Extent:
    """What a grid covers, degrees: `east` is greater than `west` and runs past 180 across the dateline."""

    west: float
    east: float
    south: float
    north: float

    @property
    def all_round(self) -> bool:
        """Whether it covers all longitudes."""
        return self.east - self.west >= 360 - 1e-6

    @property
    def is_global(self) -> bool:
        """Whether it covers all longitudes and nearly all latitudes."""
        return self.all_round and self.north - self.south > 150

    @property
    def middle(self) -> tuple[float, float]:
        """Latitude and longitude (−180 to 180) of its middle."""
        longitude = (self.west + self.east) / 2
        return (self.south + self.north) / 2, (longitude + 180) % 360 - 180


def extent_of(mesh: Mesh) -> Extent:
    """Return what the places of a grid cover, with half a cell's width around them."""
    latitude, longitude = mesh.places()
    there = np.isfinite(latitude) & np.isfinite(longitude)
    latitude, longitude = latitude[there], longitude[there]
    south, north = float(latitude.min()), float(latitude.max())
    # Half of the usual distance between neighbours, if the cells were squares.
    height = max(north - south, 1e-3)
    thinned = np.unique(np.round(np.sort((longitude[:: max(1, len(longitude) // SAMPLED)]) % 360), 6))
    gaps = np.diff(np.r_[thinned, thinned[0] + 360])
    start = int(gaps.argmax())
    width = 360 - float(gaps[start])
    step = np.sqrt(height * max(width, 1e-3) * max(np.cos(np.radians((south + north) / 2)), 0.1) / len(latitude))
    poles = mesh.locate(np.array([-90.0, 90.0]), np.zeros(2)) >= 0
    south = -90.0 if poles[0] else max(south - step / 2, -90.0)
    north = 90.0 if poles[1] else min(north + step / 2, 90.0)
    if poles.any() or gaps[start] < max(4 * step, 2 * float(np.median(gaps))):
        return Extent(-180.0, 180.0, south, north)
    west = float(thinned[(start + 1) % len(thinned)])
    west = (west + 180) % 360 - 180
    return Extent(west - step / 2, west + width + step / 2, south, north)


def cell_at(mesh: Mesh, latitude: float, longitude: float) -> int:
    """Return the number of the cell at a place.

    Raises
    ------
    InputError
        If the place lies outside the grid.
    """
    number = int(mesh.locate(np.array([latitude]), np.array([longitude]))[0])
    if number < 0:
        e = extent_of(mesh)
        raise InputError(
            f"the place {latitude:.2f}°N {longitude:.2f}°E lies outside the field, which covers "
            f"{e.south:.2f} to {e.north:.2f}°N and {e.west:.2f} to {e.east:.2f}°E"
        )
    return number


def key_of(kind: str, *parts: object) -> str:
    """Return a key made of plain values and the bytes of arrays."""
    digest = hashlib.blake2b(kind.encode(), digest_size=16)
    for part in parts:
        content = np.ascontiguousarray(part) if isinstance(part, np.ndarray) else str(part).encode()
        digest.update(content.data if isinstance(content, np.ndarray) else content)
    return digest.hexdigest()


def nearest_on(axis: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the positions on an increasing axis that are nearest to values; −1 beyond half a step past its ends, or NaN."""
    middles = (axis[:-1] + axis[1:]) / 2
    low, high = axis[0] - (middles[0] - axis[0]), axis[-1] + (axis[-1] - middles[-1])
    return np.where((wanted >= low) & (wanted <= high), np.searchsorted(middles, wanted), -1)


def on_sphere(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Return unit vectors (..., 3) of places in degrees."""
    phi, lam = np.deg2rad(latitude), np.deg2rad(longitude)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
